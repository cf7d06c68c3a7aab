// How many of n flights are late if any two of them are correlated: a beta-binomial
// distribution, over the binomial that independent flights would give.
import { define, legend, line, number, plot } from "./kit.js";

// The probabilities of 0 to n late flights: the first as a product, each further one from
// the one before. A correlation of 0 gives the binomial by the same two lines.
export function chances(n, p, rho) {
  const [yes, no] = [p * (1 - rho), (1 - p) * (1 - rho)];
  let next = 1;
  for (let i = 0; i < n; i += 1) next *= (no + i * rho) / (1 - rho + i * rho);
  const all = [next];
  for (let k = 0; k < n; k += 1) {
    next *= ((n - k) / (k + 1)) * ((yes + k * rho) / (no + (n - k - 1) * rho));
    all.push(next);
  }
  return all;
}

const over = (all, agents) => all.slice(agents + 1).reduce((sum, v) => sum + v, 0);

// The fewest agents that are enough on 99 evenings of 100.
const enough = (all) => all.findIndex((_, agents) => over(all, agents) <= 0.01);

const BOX = [30, 82, 468, 280];
const MOST = 40;
const KEYS = legend(36, 20, [["ck-soft ck-edge", "enough agents"], ["ck-faded-2", "too few"]])
  + legend(250, 20, [["ck-line-2", "independent flights"]]);

const percent = (v) => `${number(100 * v, v < 0.0995 ? 1 : 0)} %`;

export const figure = {
  name: "late-together",
  title: "Flights that are late together",
  size: [480, 326],
  controls: [
    { name: "flights", label: "Flights in the hour", min: 5, max: MOST, step: 1, value: 24 },
    { name: "chance", label: "Chance of each to be late", min: 5, max: 50, step: 1, value: 22, unit: "%" },
    { name: "rho", label: "Correlation of any two", min: 0, max: 0.5, step: 0.01, value: 0.16, digits: 2 },
    { name: "agents", label: "Agents", min: 0, max: MOST, step: 1, value: 11 },
  ],
  model({ flights, chance, rho, agents }) {
    const p = chance / 100;
    const [together, alone] = [chances(flights, p, rho), chances(flights, p, 0)];
    const factor = 1 + (flights - 1) * rho;
    return {
      together,
      alone,
      factor,
      mean: flights * p,
      sd: Math.sqrt(flights * p * (1 - p) * factor),
      short: [over(together, agents), over(alone, agents)],
      enough: [enough(together), enough(alone)],
    };
  },
  picture({ agents }, { together, alone }) {
    const top = 1.06 * Math.max(...together, ...alone);
    const { x, y, frame, inside } = plot({
      box: BOX, x: [-0.7, MOST + 0.7], y: [0, top], ticks: [[0, 10, 20, 30, 40], []],
      labels: ["flights late in the hour", "share of evenings"],
    });
    const wide = 0.8 * (x(1) - x(0));
    const bars = together.map((v, k) =>
      `<rect class="${k > agents ? "ck-faded-2" : "ck-soft ck-edge"}" x="${(x(k) - wide / 2).toFixed(1)}" y="${y(v).toFixed(1)}" width="${wide.toFixed(1)}" height="${(y(0) - y(v)).toFixed(1)}"/>`);
    const outline = line(alone.map((v, k) => [x(k), y(v)]), "ck-line-2");
    const limit = line([[x(agents + 0.5), BOX[1]], [x(agents + 0.5), BOX[3]]], "ck-faint ck-dash");
    return KEYS + frame + inside(bars.join("") + outline + limit);
  },
  says({ agents }, { mean, sd, factor, short, enough: needed }) {
    return `Mean ${number(mean, 1)}, variance ${number(factor, 1)} times that of independent flights, standard deviation ${number(sd, 1)}. `
      + `With ${agents} agents ${percent(short[0])} of evenings are short (independent: ${percent(short[1])}). `
      + `For 99 evenings of 100 it takes ${needed[0]} (independent: ${needed[1]}).`;
  },
};

define(figure);
