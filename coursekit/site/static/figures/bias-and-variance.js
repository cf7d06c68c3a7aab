// Polynomials fitted to a known truth: squared bias, variance and noise from their closed
// forms, and twelve fits to training sets that differ in their noise alone.
import { define, legend, line, number, plot } from "./kit.js";

const FITS = 12;
const GRID = Array.from({ length: 81 }, (_, i) => i / 80);

export const truth = (x) => Math.sin(8 * x) + x;
export const inputs = (n) => Array.from({ length: n }, (_, i) => (i + 0.5) / n);

// Legendre polynomials of 2x - 1, a list of columns over `at`.
function powers(at, degree) {
  const columns = [at.map(() => 1), at.map((x) => 2 * x - 1)];
  for (let k = 1; k < degree; k += 1) {
    columns.push(at.map((x, i) => ((2 * k + 1) * (2 * x - 1) * columns[k][i] - k * columns[k - 1][i]) / (k + 1)));
  }
  return columns.slice(0, degree + 1);
}

const dot = (a, b, n) => { let sum = 0; for (let i = 0; i < n; i += 1) sum += a[i] * b[i]; return sum; };

// Columns over the n inputs and, behind them, the grid: orthonormal on the inputs. The
// second pass of Gram and Schmidt takes away what rounding left.
export function basis(degree, n) {
  const made = [];
  for (const column of powers([...inputs(n), ...GRID], degree)) {
    let q = column;
    for (let pass = 0; pass < 2; pass += 1) {
      for (const p of made) {
        const along = dot(p, q, n);
        q = q.map((v, i) => v - along * p[i]);
      }
    }
    const size = Math.sqrt(dot(q, q, n));
    made.push(q.map((v) => v / size));
  }
  return made;
}

// Least squares: the fit to y at the inputs and, behind them, at the grid.
function fit(columns, y) {
  const found = new Array(columns[0].length).fill(0);
  for (const q of columns) {
    const weight = dot(q, y, y.length);
    for (let i = 0; i < found.length; i += 1) found[i] += weight * q[i];
  }
  return found;
}

// The same normal numbers at every visit: Mulberry's generator, and Box and Muller.
export function normals(count, seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

const [LEFT, RIGHT] = [[34, 52, 322, 270], [372, 52, 474, 270]];
const curves = plot({ box: LEFT, x: [0, 1], y: [-1.5, 3], ticks: [[0, 0.5, 1], [-1, 0, 1, 2]], digits: [1, 0], labels: ["input x", ""] });
const errors = plot({ box: RIGHT, x: [0, 3], y: [0, 0.5], ticks: [[], [0, 0.5]], digits: [0, 1], labels: ["", "squared error"] });
const KEYS = legend(40, 20, [["ck-line-1", "a fit"], ["ck-line-2", "mean fit"]]) + legend(170, 20, [["ck-gap", "truth"]]);
const BARS = [["bias²", "ck-fill-2", "bias"], ["var.", "ck-fill-1", "variance"], ["noise", "ck-fill-3", "noise"]];

const three = (value) => number(value, 3);
const size = (value) => (value > 0 && value < 0.0005 ? "below 0.001" : three(value));

function bars(parts) {
  return BARS.map(([label, look, part], i) => {
    const [x, top] = [RIGHT[0] + 4 + 34 * i, errors.y(Math.min(parts[part], 0.5))];
    return `<rect class="${look}" x="${x}" y="${top.toFixed(1)}" width="26" height="${(RIGHT[3] - top).toFixed(1)}"/>`
      + `<text x="${x + 13}" y="${RIGHT[3] + 18 + 18 * (i % 2)}" text-anchor="middle">${label}</text>`;
  }).join("") + errors.frame;
}

export const figure = {
  name: "bias-and-variance",
  title: "Fits to many training sets",
  size: [480, 316],
  controls: [
    { name: "degree", label: "Degree of the polynomial", min: 0, max: 12, step: 1, value: 3 },
    { name: "rows", label: "Training rows", min: 20, max: 200, step: 10, value: 30 },
    { name: "sd", label: "Noise, standard deviation", min: 0, max: 0.6, step: 0.1, value: 0.3, digits: 1 },
  ],
  model({ degree, rows, sd }) {
    const columns = basis(degree, rows);
    const clean = inputs(rows).map(truth);
    const mean = fit(columns, clean);
    const missed = clean.map((f, i) => mean[i] - f);
    const fits = Array.from({ length: FITS }, (_, r) => {
      const noise = normals(rows, 1 + r);
      return fit(columns, clean.map((f, i) => f + sd * noise[i])).slice(rows);
    });
    return {
      bias: dot(missed, missed, rows) / rows,
      variance: (sd ** 2 * (degree + 1)) / rows,
      noise: sd ** 2,
      mean: mean.slice(rows),
      fits,
    };
  },
  picture(_state, result) {
    const along = (values, look) => line(values.map((v, i) => [curves.x(GRID[i]), curves.y(v)]), look);
    const drawn = `<g opacity="0.4">${result.fits.map((values) => along(values, "ck-line-1")).join("")}</g>`
      + `<g opacity="0.55">${along(GRID.map(truth), "ck-gap")}</g>` + along(result.mean, "ck-line-2");
    return KEYS + curves.frame + curves.inside(drawn) + bars(result);
  },
  says({ degree, rows }, { bias, variance, noise }) {
    const parts = { "squared bias": bias, variance, noise };
    const largest = Object.keys(parts).reduce((a, b) => (parts[b] > parts[a] ? b : a));
    return `Degree ${degree}, ${rows} rows: squared bias ${size(bias)}, variance ${size(variance)}, noise ${size(noise)}. `
      + `Error on new targets ${three(bias + variance + noise)}; the largest part is the ${largest}.`;
  },
};

define(figure);
