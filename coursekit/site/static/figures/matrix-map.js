// What a 2 x 2 matrix does to the unit circle: the ellipse with its axes, which are the
// singular directions, and the eigenvectors, where there are any.
import { define, legend, line, number, plot } from "./kit.js";

const RANGE = [-2.5, 2.5];
const BOX = [44, 30, 344, 330];
const TICKS = [-2, -1, 0, 1, 2];
const TINY = 1e-9;

// A matrix is [a, b, c, d], row by row.
const apply = ([a, b, c, d], [x, y]) => [a * x + b * y, c * x + d * y];
const unit = ([x, y]) => [x / Math.hypot(x, y), y / Math.hypot(x, y)];

// A null vector of A - value I, which has rank one: across its longer row.
function direction([a, b, c, d], value) {
  const rows = [[a - value, b], [c, d - value]];
  const [x, y] = rows.sort((p, q) => Math.hypot(...q) - Math.hypot(...p))[0];
  return unit([-y, x]);
}

function eigen(matrix) {
  const [a, b, c, d] = matrix;
  const [middle, gap] = [(a + d) / 2, ((a - d) / 2) ** 2 + b * c];
  if (gap < -TINY) {
    const turn = Math.sqrt(-gap);
    return { kind: "complex", values: [middle, turn], vectors: [] };
  }
  const root = Math.sqrt(Math.max(0, gap));
  const values = [middle + root, middle - root];
  if (root > Math.sqrt(TINY)) return { kind: "two", values, vectors: values.map((v) => direction(matrix, v)) };
  if (Math.hypot(a - d, b, c) < TINY) return { kind: "all", values, vectors: [] };
  return { kind: "one", values, vectors: [direction(matrix, middle)] };
}

function singular(matrix) {
  const [a, b, c, d] = matrix;
  const angle = Math.atan2(2 * (a * b + c * d), a * a + c * c - b * b - d * d) / 2;
  const right = [[Math.cos(angle), Math.sin(angle)], [-Math.sin(angle), Math.cos(angle)]];
  return { right, axes: right.map((v) => apply(matrix, v)) };
}

const axes = plot({ box: BOX, x: RANGE, y: RANGE, ticks: [TICKS, TICKS], labels: ["x₁", "x₂"] });
const place = ([x, y]) => [axes.x(x), axes.y(y)];

const AROUND = Array.from({ length: 73 }, (_, i) => [Math.cos((i * Math.PI) / 36), Math.sin((i * Math.PI) / 36)]);
const CIRCLE = line(AROUND.map(place), "ck-faint");

const through = (v) => line([v.map((x) => -9 * x), v.map((x) => 9 * x)].map(place), "ck-line-1");
const spoke = (v, look) => line([[0, 0], v].map(place), look);

function arrow(v) {
  const [x, y] = place(v).map((p) => p.toFixed(1));
  return `${spoke(v, "ck-line-2")}<circle class="ck-fill-2" cx="${x}" cy="${y}" r="6"/>`;
}

const KEY = legend(356, 60, [
  ["ck-faint", "circle"],
  ["ck-line-3", "its image"],
  ["ck-line-2", "columns"],
  ["ck-line-1", "eigen-"],
]) + `<text x="388" y="148">vectors</text>`;

const SAID = {
  two: ({ values, vectors: [u, v] }) => {
    const angle = (Math.acos(Math.min(1, Math.abs(u[0] * v[0] + u[1] * v[1]))) * 180) / Math.PI;
    return `Two directions do not turn, ${number(angle, 0)} degrees apart; eigenvalues ${number(values[0])} and ${number(values[1])}.`;
  },
  one: ({ values }) => `One direction alone does not turn; its eigenvalue ${number(values[0])} counts twice.`,
  all: ({ values }) => `No direction turns: all are eigenvectors, with the eigenvalue ${number(values[0])}.`,
  complex: ({ values }) => `Every direction turns: the eigenvalues are ${number(values[0])} ± ${number(values[1])} i.`,
};

export const figure = {
  name: "matrix-map",
  title: "A matrix and the directions that it does not turn",
  size: [480, 376],
  points: [
    { name: "first", label: "First column", x: 1.6, y: 0.2, range: [RANGE, RANGE], step: [0.1, 0.1] },
    { name: "second", label: "Second column", x: 1, y: 0.8, range: [RANGE, RANGE], step: [0.1, 0.1] },
  ],
  scale: axes,
  model({ first, second }) {
    const matrix = [first[0], second[0], first[1], second[1]];
    const { right, axes: stretched } = singular(matrix);
    return { ...eigen(matrix), right, stretched, stretches: stretched.map((v) => Math.hypot(...v)) };
  },
  picture({ first, second }, { vectors, stretched }) {
    const matrix = [first[0], second[0], first[1], second[1]];
    const image = line(AROUND.map((v) => place(apply(matrix, v))), "ck-line-3");
    const spokes = stretched.map((v) => spoke(v, "ck-line-3")).join("");
    const drawn = CIRCLE + vectors.map(through).join("") + image + spokes + arrow(first) + arrow(second);
    return axes.frame + axes.inside(drawn) + KEY;
  },
  says(_state, result) {
    const [long, short] = result.stretches;
    return `${SAID[result.kind](result)} The ellipse has half axes of ${number(long)} and ${number(short)}, the singular values.`;
  },
};

define(figure);
