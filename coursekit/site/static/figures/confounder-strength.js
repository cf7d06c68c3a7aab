// A linear model in which one confounder drives a treatment and an outcome, all with a
// standard deviation of one: what is estimated without it, and with a noisy measurement.
import { define, legend, line, number, plot } from "./kit.js";

const TRUTH = -4; // minutes a unit of treatment
const STRONGEST = 0.95; // at 1 the treatment would be the confounder, and nothing is left
const GRID = Array.from({ length: 96 }, (_, i) => (STRONGEST * i) / 95);

// What the regression's coefficient is off by. `drives` is the correlation of confounder
// and treatment, `costs` the minutes a unit of the confounder, `reliability` the share of
// the measurement's variance that is the confounder.
export function bias(drives, costs, reliability) {
  return (costs * drives * (1 - reliability)) / (1 - drives ** 2 * reliability);
}

const BOX = [52, 104, 458, 350];
const KEYS = legend(60, 20, [
  ["ck-line-2", "without adjusting"],
  ["ck-line-1", "adjusted for the measurement"],
  ["ck-line-3", "the truth"],
]);

const minutes = (value) => number(value, 1);

export const figure = {
  name: "confounder-strength",
  title: "A confounder and what adjusting repairs",
  size: [480, 404],
  controls: [
    { name: "drives", label: "Confounder and treatment correlate by", min: 0, max: STRONGEST, step: 0.05, value: 0.7, digits: 2 },
    { name: "costs", label: "Confounder adds to the outcome", min: 0, max: 12, step: 1, value: 8, unit: "minutes a unit" },
    { name: "reliability", label: "Reliability of its measurement", min: 0, max: 1, step: 0.1, value: 0.7, digits: 1 },
  ],
  model({ drives, costs, reliability }) {
    const estimate = (a, r) => TRUTH + bias(a, costs, r);
    return {
      truth: TRUTH,
      crude: estimate(drives, 0),
      adjusted: estimate(drives, reliability),
      curves: { crude: GRID.map((a) => estimate(a, 0)), adjusted: GRID.map((a) => estimate(a, reliability)) },
      turns: costs > 0 ? -TRUTH / costs : Infinity, // the correlation at which the sign goes
    };
  },
  picture({ drives }, { truth, crude, adjusted, curves }) {
    const { x, y, frame, inside } = plot({
      box: BOX, x: [0, 1], y: [-6, 8], ticks: [[0, 0.25, 0.5, 0.75, 1], [-4, 0, 4, 8]], digits: [2, 0],
      labels: ["correlation of confounder and treatment", "effect (minutes a unit)"],
    });
    const along = (values, look) => line(values.map((v, i) => [x(GRID[i]), y(v)]), look);
    const level = (value, look) => line([[x(0), y(value)], [x(1), y(value)]], look);
    const dot = (value, look) => `<circle class="${look}" cx="${x(drives).toFixed(1)}" cy="${y(value).toFixed(1)}" r="6"/>`;
    const drawn = level(0, "ck-faint") + level(truth, "ck-line-3") + along(curves.crude, "ck-line-2")
      + along(curves.adjusted, "ck-line-1") + line([[x(drives), BOX[1]], [x(drives), BOX[3]]], "ck-faint");
    return frame + KEYS + inside(drawn) + dot(crude, "ck-fill-2") + dot(adjusted, "ck-fill-1");
  },
  says(_state, { truth, crude, adjusted, turns }) {
    const sign = turns < STRONGEST
      ? `Without adjusting the sign turns at a correlation of ${number(turns, 2)}.`
      : "Without adjusting the sign never turns: this confounder is too weak.";
    return `The truth is ${minutes(truth)} minutes; without adjusting ${minutes(crude)}, adjusted ${minutes(adjusted)}. ${sign}`;
  },
};

define(figure);
