// What a test of two shares can see: the difference that chance makes, the one that an
// effect makes, and the part of that which lies beyond the bar.
import { define, legend, line, number, plot } from "./kit.js";

const SD = Math.sqrt(0.181 * (1 - 0.181)); // of one flight that is late or not
const BARS = { ten: 1.6448536269514722, five: 1.959963984540054, one: 2.5758293035489004 };
const LEVELS = { ten: 0.1, five: 0.05, one: 0.01 };

const bell = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

// The part of a normal distribution above z: a series near 0, a continued fraction far out.
export function above(z) {
  if (z < 0) return 1 - above(-z);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let k = 3; Math.abs(term) > 1e-17; k += 2) sum += term *= (z * z) / k;
    return 0.5 - sum * bell(z);
  }
  let rest = z;
  for (let k = 60; k > 0; k -= 1) rest = z + k / rest;
  return bell(z) / rest;
}

const X = [-5, 9];
const BOX = [30, 52, 468, 250];
const axes = plot({ box: BOX, x: X, y: [0, 1.08], ticks: [[-4, -2, 0, 2, 4, 6, 8], []], labels: ["difference found (percentage points)", ""] });
const NAMES = legend(36, 20, [["ck-line-2", "nothing there"], ["ck-line-1", "the effect"]])
  + legend(230, 20, [["ck-faded-2", "false win"], ["ck-soft ck-edge", "found: power"]]);

const grid = Array.from({ length: 281 }, (_, i) => X[0] + (i * (X[1] - X[0])) / 280);

// A bell of height 1 round a centre, as pixels; with a range, the part of it there.
function curve(centre, error, [from, to] = X) {
  const inside = [from, ...grid.filter((x) => x > from && x < to), to];
  return inside.map((x) => [axes.x(x), axes.y(Math.exp(-(((x - centre) / error) ** 2) / 2))]);
}

function area(centre, error, [from, to], look) {
  if (from >= to) return "";
  const points = [[axes.x(from), axes.y(0)], ...curve(centre, error, [from, to]), [axes.x(to), axes.y(0)]];
  return `<polygon class="${look}" points="${points.map((p) => p.map((v) => v.toFixed(1)).join()).join(" ")}"/>`;
}

const percent = (p) => (p > 0.9995 ? "over 99.9 %" : `${number(100 * p, p < 0.1 ? 1 : 0)} %`);

export const figure = {
  name: "power-of-a-test",
  title: "What a test can see",
  size: [480, 296],
  controls: [
    { name: "effect", label: "True effect", min: 0, max: 4, step: 0.1, value: 2, digits: 1, unit: "points" },
    { name: "rows", label: "Rows on each side", min: 3, max: 5, step: 0.01, value: 3.3, shows: (v) => Math.round(10 ** v).toLocaleString("en-GB") },
    { name: "level", label: "Level of the test", value: "five", options: [["ten", "10 %"], ["five", "5 %"], ["one", "1 %"]] },
  ],
  model({ effect, rows, level }) {
    const n = Math.round(10 ** rows);
    const error = 100 * SD * Math.sqrt(2 / n);
    const bar = BARS[level] * error;
    const [high, low] = [(bar - effect) / error, (bar + effect) / error];
    const power = above(high) + above(low);
    const mean = (effect * (above(high) - above(low)) + error * (bell(high) + bell(low))) / power;
    return { n, error, bar, power, mean, level: LEVELS[level] };
  },
  picture({ effect }, { error, bar }) {
    const ends = [[X[0], -bar], [bar, X[1]]];
    return NAMES + axes.frame + axes.inside(
      ends.map((range) => area(effect, error, range, "ck-soft")).join("")
      + ends.map((range) => area(0, error, range, "ck-faded-2")).join("")
      + line(curve(effect, error), "ck-line-1") + line(curve(0, error), "ck-line-2")
      + [-bar, bar].map((x) => line([[axes.x(x), BOX[1]], [axes.x(x), BOX[3]]], "ck-faint ck-dash")).join(""),
    );
  },
  says({ effect }, { bar, power, mean, level }) {
    const begin = `A win needs ${number(bar, 2)} points.`;
    if (effect === 0) return `${begin} Nothing is there, and ${percent(level)} of tests win.`;
    return `${begin} Power ${percent(power)}. The differences that win average ${number(mean, 2)} points, ${number(mean / effect, 1)} times the truth.`;
  },
};

define(figure);
