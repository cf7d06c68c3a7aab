// A share estimated from rows by lot and from rows with a bias: how far both are off,
// and how many rows by lot the biased ones are worth.
import { define, legend, line, number, plot } from "./kit.js";

const SD = 100 * Math.sqrt(0.7415 * (1 - 0.7415)); // points, of one flight on time or not
const X = [1, 6]; // powers of ten
const Y = [-1.5, 1.5];
const BOX = [62, 104, 462, 350];
const KEYS = legend(70, 20, [
  ["ck-line-1", "rows by lot"],
  ["ck-line-2", "rows with the bias"],
  ["ck-faint ck-dash", "the same error"],
]);
const GRID = Array.from({ length: 101 }, (_, i) => X[0] + ((X[1] - X[0]) * i) / 100);

const whole = (value) => Math.round(value).toLocaleString("en-GB");
const round = (power) => Number((10 ** power).toPrecision(2));
const points = (value) => `${number(value, value < 0.1 ? 3 : 2)} points`;

// The root mean square of bias and luck, in percentage points.
export const typical = (bias, rows) => Math.hypot(bias, SD / Math.sqrt(rows));

const axes = plot({ box: BOX, x: X, y: Y, ticks: [[], []], labels: ["rows", "typical error (points)"] });
const below = [1, 2, 3, 4, 5].map((v) => `<text x="${axes.x(v)}" y="${BOX[3] + 18}" text-anchor="middle">${whole(10 ** v)}</text>`);
const beside = [0.1, 1, 10].map((v) => `<text x="${BOX[0] - 6}" y="${axes.y(Math.log10(v)) + 5}" text-anchor="end">${v}</text>`);
const SCALES = axes.frame + below.join("") + beside.join("");

const at = (power, error) => [axes.x(power), axes.y(Math.log10(error))];
const dot = ([x, y], look) => `<circle class="${look}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="6"/>`;

export const figure = {
  name: "large-and-biased",
  title: "A large biased sample",
  size: [480, 404],
  controls: [
    { name: "bias", label: "Bias", min: 0, max: 10, step: 0.01, value: 4.71, digits: 2, unit: "points" },
    { name: "rows", label: "Rows of the biased sample", min: 1, max: 6, step: 0.1, value: 4.7, shows: (v) => whole(round(v)) },
  ],
  model({ bias, rows }) {
    const n = round(rows);
    const error = typical(bias, n);
    return { n, error, luck: SD / Math.sqrt(n), more: typical(bias, 10 * n), worth: (SD / error) ** 2 };
  },
  picture({ bias }, { n, error, worth }) {
    const along = (off, look) => line(GRID.map((p) => at(p, typical(off, 10 ** p))), look);
    const [here, there] = [at(Math.log10(n), error), at(Math.log10(worth), error)];
    const marks = line([here, there, [there[0], BOX[3]]], "ck-faint ck-dash");
    return SCALES + KEYS + axes.inside(along(0, "ck-line-1") + along(bias, "ck-line-2") + marks)
      + dot(here, "ck-fill-2") + dot(there, "ck-fill-1");
  },
  says(_state, { n, error, more, worth }) {
    return `${whole(n)} rows err by ${points(error)}, as ${whole(worth)} by lot do. Ten times as many would still err by ${points(more)}.`;
  },
};

define(figure);
