// Two samples of n rows, one as it was and one moved: the population stability index, the
// Kolmogorov-Smirnov gap, and what chance alone would have done at that n.
import { define, legend, line, number, plot } from "./kit.js";

const BINS = 10;
const CHI2 = 16.918977604620448; // 95 % of chi-square with 9 degrees stays below

// Uniform numbers from a seed (mulberry32), the same in every browser.
function random(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Normal numbers, by Box and Muller, in order; the last draws are kept while sliders move.
const kept = new Map();
function normals(n, seed) {
  const key = `${n} ${seed}`;
  if (kept.has(key)) return kept.get(key);
  const draw = random(seed);
  const one = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  if (kept.size > 8) kept.clear();
  kept.set(key, Float64Array.from({ length: n }, one).sort());
  return kept.get(key);
}

// Moving a sorted sample keeps it sorted, so a slider moves what was drawn.
export function samples({ rows, shift, spread, seed }) {
  const n = Math.round(10 ** rows);
  const before = normals(n, 2 * seed);
  return { before, now: normals(n, 2 * seed + 1).map((z) => shift + spread * z) };
}

// How many values of a sorted sample are below x, or at it with `at`.
function below(sorted, x, at = true) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at ? sorted[middle] <= x : sorted[middle] < x) low = middle + 1; else high = middle;
  }
  return low;
}

// Nine values of the reference that cut it into ten equal shares.
const edgesOf = (before) => Array.from({ length: BINS - 1 }, (_, b) =>
  before[Math.floor((before.length * (b + 1) - 1) / BINS)]);

function shares(sorted, edges) {
  const ends = [...edges.map((edge) => below(sorted, edge)), sorted.length];
  const counts = ends.map((end, b) => Math.max(0.5, end - (ends[b - 1] ?? 0)));
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => count / total);
}

function psi(before, now) {
  const edges = edgesOf(before);
  const [p, q] = [before, now].map((sample) => shares(sample, edges));
  return q.reduce((sum, share, b) => sum + (share - p[b]) * Math.log(share / p[b]), 0);
}

function gap(before, now) {
  let widest = { size: 0, at: 0 };
  for (const sample of [before, now]) {
    for (const x of sample) {
      const size = Math.abs(below(before, x) / before.length - below(now, x) / now.length);
      if (size > widest.size) widest = { size, at: x };
    }
  }
  return widest;
}

// Kolmogorov's tail for many rows: how often chance alone opens such a gap.
export function tail(size, n) {
  const scaled = size * Math.sqrt(n / 2);
  if (scaled < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) sum += (-1) ** (k - 1) * Math.exp(-2 * (k * scaled) ** 2);
  return Math.max(0, Math.min(1, 2 * sum));
}

const X = [-4, 6];
const BOX = { top: [44, 30, 468, 160], low: [44, 216, 468, 346] };
const ticks = [-4, -2, 0, 2, 4, 6];
const density = plot({ box: BOX.top, x: X, y: [0, 45], ticks: [ticks, [0, 20, 40]], labels: ["", "share of rows (%)"] });
const heap = plot({ box: BOX.low, x: X, y: [0, 100], ticks: [ticks, [0, 50, 100]], labels: ["feature (standard units)", "rows at or below (%)"] });
const NAMES = legend(318, 48, [["ck-line-1", "as it was"], ["ck-line-2", "now"]])
  + legend(318, 330, [["ck-gap", "largest gap"]]);
const grid = Array.from({ length: 101 }, (_, i) => X[0] + (i * (X[1] - X[0])) / 100);

function outline(sorted) {
  const heights = grid.filter((_, i) => i % 5 === 0).map((x, i, xs) =>
    (100 * (below(sorted, xs[i + 1] ?? X[1]) - below(sorted, x))) / sorted.length);
  return heights.slice(0, -1).flatMap((h, i) =>
    [0, 5].map((end) => [density.x(grid[5 * i + end]), density.y(Math.min(45, h))]));
}

const steps = (sorted) => grid.map((x) => [heap.x(x), heap.y((100 * below(sorted, x)) / sorted.length)]);

function chance(p) {
  if (p < 1e-4) return "below 0.0001";
  return p.toPrecision(2);
}

export const figure = {
  name: "drift-slider",
  title: "How far, how sure: two samples",
  size: [480, 392],
  controls: [
    { name: "shift", label: "Shift of the mean", min: -2, max: 2, step: 0.05, value: 0.15, digits: 2 },
    { name: "spread", label: "Spread, times as wide", min: 0.5, max: 2, step: 0.05, value: 1, digits: 2 },
    { name: "rows", label: "Rows in each sample", min: 1.5, max: 4, step: 0.125, value: 2.5, shows: (v) => Math.round(10 ** v).toLocaleString("en-GB") },
    { name: "seed", label: "Which draw", min: 1, max: 20, step: 1, value: 1 },
  ],
  model(state) {
    const { before, now } = samples(state);
    const widest = gap(before, now);
    const n = before.length;
    return { n, psi: psi(before, now), psiLimit: (2 / n) * CHI2, ks: widest.size, at: widest.at, p: tail(widest.size, n) };
  },
  picture(state, { at }) {
    const { before, now } = samples(state);
    const [low, high] = [before, now].map((sample) => heap.y((100 * below(sample, at)) / sample.length));
    const x = heap.x(at);
    return density.frame + line(outline(before), "ck-line-1") + line(outline(now), "ck-line-2")
      + heap.frame + line(steps(before), "ck-line-1") + line(steps(now), "ck-line-2")
      + line([[x, low], [x, high]], "ck-gap") + NAMES;
  },
  says(_state, { psi: index, psiLimit, ks, p }) {
    const verdict = p < 0.05 ? "chance is ruled out at 5 %" : "chance would do as well";
    return `Largest gap ${number(100 * ks, 1)} % of the rows, p-value ${chance(p)}: ${verdict}. PSI ${number(index, 3)}; at this size chance alone reaches ${number(psiLimit, 3)} in one case of twenty.`;
  },
};

define(figure);
