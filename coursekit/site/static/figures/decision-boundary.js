// Logistic regression on ten points that can be dragged, fitted by Newton's method with
// scikit-learn's penalty: C times the sum of the log losses, plus half the squared weights
// (not the intercept).
import { define, line, number, plot } from "./kit.js";

const RANGE = [[-3, 3], [-3, 3]];
const ROUND = [[-1.8, -0.6], [-1, -1.6], [-0.7, 0.4], [0.2, -1.2], [1.6, 1.4]];
const SQUARE = [[1.8, 0.2], [0.6, 1], [1.1, 2.1], [-0.4, 1.7], [0.9, -0.4]];

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
// log(1 + exp(z)), also for a large z.
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const logit = ([u, v, b], [x, y]) => u * x + v * y + b;

function loss(theta, rows, c) {
  const each = rows.map(({ at, y }) => softplus(logit(theta, at)) - y * logit(theta, at));
  return c * each.reduce((a, b) => a + b, 0) + (theta[0] ** 2 + theta[1] ** 2) / 2;
}

// Solve a symmetric 3 by 3 system by elimination; it is positive definite.
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < 3; i += 1) {
    for (let k = i + 1; k < 3; k += 1) {
      const factor = rows[k][i] / rows[i][i];
      rows[k] = rows[k].map((v, j) => v - factor * rows[i][j]);
    }
  }
  const found = [0, 0, 0];
  for (let i = 2; i >= 0; i -= 1) {
    const known = found.reduce((sum, v, j) => sum + rows[i][j] * v, 0);
    found[i] = (rows[i][3] - known) / rows[i][i];
  }
  return found;
}

function step(theta, rows, c) {
  const gradient = [theta[0], theta[1], 0];
  const hessian = [[1, 0, 0], [0, 1, 0], [0, 0, 0]];
  for (const { at, y } of rows) {
    const p = sigmoid(logit(theta, at));
    const full = [...at, 1];
    full.forEach((a, i) => {
      gradient[i] += c * (p - y) * a;
      full.forEach((b, j) => { hessian[i][j] += c * (p * (1 - p) + 1e-12) * a * b; });
    });
  }
  return { gradient, jump: solve(hessian, gradient) };
}

export function fit(rows, c) {
  let theta = [0, 0, 0];
  for (let round = 0; round < 200; round += 1) {
    const { gradient, jump } = step(theta, rows, c);
    if (Math.max(...gradient.map(Math.abs)) < 1e-9 * Math.max(1, c)) break;
    const before = loss(theta, rows, c);
    let length = 1; // halved while the jump does not help
    const moved = () => theta.map((v, i) => v - length * jump[i]);
    while (loss(moved(), rows, c) > before && length > 1e-9) length /= 2;
    theta = moved();
  }
  return theta;
}

const names = (kind, places) => places.map((at, i) => ({ name: `${kind}${i + 1}`, at }));
const classes = [names("round", ROUND), names("square", SQUARE)];
const rowsOf = (state) => classes.flatMap((list, y) => list.map(({ name }) => ({ at: state[name], y })));

const labels = ["x₁ (standard units)", "x₂ (standard units)"];
const axes = plot({ box: [44, 30, 468, 350], x: RANGE[0], y: RANGE[1], ticks: [[-3, 0, 3], [-3, 0, 3]], labels });

// The part of the box where the log-odds are above a level, as corners in pixels.
function above(theta, level) {
  const corners = [[-3, -3], [3, -3], [3, 3], [-3, 3]];
  const kept = corners.flatMap((from, i) => {
    const to = corners[(i + 1) % 4];
    const [z0, z1] = [from, to].map((at) => logit(theta, at) - level);
    const cross = z0 / (z0 - z1);
    const edge = z0 > 0 !== z1 > 0 ? [from.map((v, j) => v + cross * (to[j] - v))] : [];
    return z0 > 0 ? [from, ...edge] : edge;
  });
  return kept.map(([x, y]) => [axes.x(x), axes.y(y)]);
}

// The line on which the log-odds have a value, far beyond the box on both sides.
function border([u, v, b], level) {
  const size = Math.hypot(u, v) || 1e-9;
  const [x, y] = [u, v].map((w) => (w * (level - b)) / size ** 2);
  return [-9, 9].map((t) => [axes.x(x - (t * v) / size), axes.y(y + (t * u) / size)]);
}

function mark([x, y], square) {
  const [cx, cy] = [axes.x(x).toFixed(1), axes.y(y).toFixed(1)];
  return square
    ? `<rect class="ck-fill-2 ck-rim" x="${cx - 7}" y="${cy - 7}" width="14" height="14"/>`
    : `<circle class="ck-fill-1 ck-rim" cx="${cx}" cy="${cy}" r="8"/>`;
}

export const figure = {
  name: "decision-boundary",
  title: "A logistic regression that follows its points",
  size: [480, 400],
  controls: [
    { name: "c", label: "C (inverse of the penalty)", min: -3, max: 5, step: 0.25, value: 0, shows: (v) => (v < 0 ? (10 ** v).toPrecision(2) : Math.round(10 ** v).toLocaleString("en-GB")) },
  ],
  points: classes.flatMap((list, y) => list.map(({ name, at }, i) => ({
    name, label: `${["Circle", "Square"][y]} ${i + 1}`, x: at[0], y: at[1], range: RANGE, step: [0.2, 0.2],
  }))),
  scale: axes,
  model(state) {
    const rows = rowsOf(state);
    const theta = fit(rows, 10 ** state.c);
    const wrong = rows.filter(({ at, y }) => logit(theta, at) > 0 !== (y === 1)).length;
    const norm = Math.hypot(theta[0], theta[1]);
    // From one chance in ten to nine in ten, across the boundary.
    return { weights: theta.slice(0, 2), intercept: theta[2], norm, wrong, width: (2 * Math.log(9)) / norm };
  },
  picture(state, { weights, intercept }) {
    const theta = [...weights, intercept];
    const shades = [0.1, 0.3, 0.5, 0.7, 0.9].map((p) => {
      const points = above(theta, Math.log(p / (1 - p)));
      return `<polygon class="ck-fill-2 ck-veil" points="${points.map((at) => at.map((v) => v.toFixed(1)).join()).join(" ")}"/>`;
    });
    const marks = rowsOf(state).map(({ at, y }) => mark(at, y));
    const faint = [0.1, 0.9].map((p) => line(border(theta, Math.log(p / (1 - p))), "ck-faint ck-dash"));
    const inside = shades.join("") + faint.join("") + line(border(theta, 0), "ck-line-1 ck-main");
    return axes.frame + axes.inside(inside) + marks.join("");
  },
  says(_state, { weights, intercept, wrong, width }) {
    const [u, v, b] = [...weights, intercept].map((w) => number(w, 2));
    const far = width > 99 ? "over more than 99" : `within ${number(width, 2)}`;
    const verdict = wrong ? `${wrong} of 10 points lie on the wrong side.` : "A line separates the classes: without a penalty the weights would have no end.";
    return `Weights ${u} and ${v}, intercept ${b}. The probability of a square goes from 10 to 90 % (dashed) ${far} units. ${verdict}`;
  },
};

define(figure);
