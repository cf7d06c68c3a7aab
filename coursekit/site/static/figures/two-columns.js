// A matrix of two columns as a map of the plane, and a target to be reached from them:
// one solution, none or many.
import { define, line, number, plot } from "./kit.js";

const RANGE = [[-4, 4], [-4, 4]];
const GRID = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6];

const along = (first, second, [x, y]) => [0, 1].map((i) => x * first[i] + y * second[i]);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const cross = (a, b) => a[0] * b[1] - a[1] * b[0];

// Points are dragged in quarters, which computers hold exactly, so that 0 means 0 here.
export function solve(first, second, target) {
  const determinant = cross(first, second);
  const size = dot(first, first) + dot(second, second);
  const rank = determinant ? 2 : Number(size > 0);
  // In full rank Cramer's rule; else the shortest x of those that come nearest.
  const x = determinant
    ? [cross(target, second) / determinant, cross(first, target) / determinant]
    : [first, second].map((column) => (size ? dot(column, target) / size : 0));
  const reached = along(first, second, x);
  const flat = size > dot(second, second) ? first : second;
  const there = rank === 2 || (cross(flat, target) === 0 && (rank > 0 || dot(target, target) === 0));
  const kind = rank === 2 ? "one" : there ? "many" : "none";
  return { determinant, rank, x, reached, kind, missed: Math.hypot(reached[0] - target[0], reached[1] - target[1]) };
}

const ticks = [-4, -2, 0, 2, 4];
const axes = plot({ box: [44, 30, 444, 430], x: RANGE[0], y: RANGE[1], ticks: [ticks, ticks], labels: ["first entry", "second entry"] });
const pixels = ([x, y]) => [axes.x(x), axes.y(y)];
const path = (points, look) => line(points.map(pixels), look);

function arrow(tip, look, fill) {
  const [x, y] = pixels(tip);
  const turn = (Math.atan2(-tip[1], tip[0]) * 180) / Math.PI;
  const head = `<path class="${fill}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(1)})" d="M0 0-13-6-13 6Z"/>`;
  return path([[0, 0], tip], look) + head;
}

function tag(at, text) {
  const [x, y] = pixels(at);
  // Near the right edge the name stands on the point's other side.
  const [shift, anchor] = at[0] > 2.5 ? [-12, "end"] : [12, "start"];
  return `<text x="${(x + shift).toFixed(1)}" y="${(y - 10).toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}

const point = (name, label, x, y) => ({ name, label, x, y, range: RANGE, step: [0.5, 0.5] });
const VERDICTS = {
  one: ({ x }) => `One solution: ${number(x[0])} times the first column and ${number(x[1])} times the second (dashed) reach the target.`,
  many: ({ x }) => `Many solutions: the target lies on what is left of the plane. The shortest x is ${number(x[0])} and ${number(x[1])}.`,
  none: ({ missed }) => `No solution: the columns reach only what is left of the plane, and the target lies beside it. The nearest that they reach (dashed) is ${number(missed)} away, at a right angle.`,
};

export const figure = {
  name: "two-columns",
  title: "Two columns and a target",
  size: [480, 480],
  points: [
    point("first", "First column", 2, 0.5),
    point("second", "Second column", -0.5, 1.5),
    point("target", "Target", 1, 2.5),
  ],
  scale: axes,
  model: ({ first, second, target }) => solve(first, second, target),
  picture({ first, second, target }, { x, reached, kind }) {
    const grid = GRID.flatMap((at) => [
      [[at, -6], [at, 6]],
      [[-6, at], [6, at]],
    ].map((ends) => path(ends.map((end) => along(first, second, end)), "ck-level")));
    const way = kind === "none" ? [reached, target] : [[0, 0], along(first, second, [x[0], 0]), reached];
    const [cx, cy] = pixels(target).map((v) => v.toFixed(1));
    const inside = grid.join("") + path(way, "ck-line-2")
      + arrow(first, "ck-line-1", "ck-fill-1") + arrow(second, "ck-line-1", "ck-fill-1");
    return `${axes.frame}${axes.inside(inside)}${tag(first, "first")}${tag(second, "second")}
<rect class="ck-fill-2 ck-rim" x="${cx - 7}" y="${cy - 7}" width="14" height="14"/>${tag(target, "target")}`;
  },
  says(_state, found) {
    return `Determinant ${number(found.determinant)}, rank ${found.rank}. ${VERDICTS[found.kind](found)}`;
  },
};

define(figure);
