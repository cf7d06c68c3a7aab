// Gradient descent with momentum on the bowl (x² + 25 y²) / 2, the one of the page
// mathematics/gradient-descent.
import { define, line, plot } from "./kit.js";

const CURVATURE = [1, 25];
const STEPS = 60;
const X = [-10, 3];
const Y = [-4, 4];
const BOX = [44, 30, 468, 272];
const LEVELS = [1, 5, 15, 40, 90, 160];

const loss = ([x, y]) => (CURVATURE[0] * x * x + CURVATURE[1] * y * y) / 2;

function descend(start, rate, momentum) {
  const path = [start];
  let point = start;
  let velocity = [0, 0];
  for (let step = 0; step < STEPS && loss(point) < 1e6; step += 1) {
    velocity = velocity.map((v, i) => momentum * v + CURVATURE[i] * point[i]);
    point = point.map((p, i) => p - rate * velocity[i]);
    path.push(point);
  }
  return path;
}

// Beyond this rate the steep axis swings wider at every step.
const edge = (momentum) => (2 * (1 + momentum)) / CURVATURE[1];

const labels = ["x₁, curvature 1", "x₂, curvature 25"];
const axes = plot({ box: BOX, x: X, y: Y, ticks: [[-10, -5, 0], [-4, -2, 0, 2, 4]], labels });

function level(height) {
  const [rx, ry] = CURVATURE.map((c, i) => {
    const scale = [axes.x, axes.y][i];
    return Math.abs(scale(Math.sqrt((2 * height) / c)) - scale(0)).toFixed(1);
  });
  return `<ellipse class="ck-level" cx="${axes.x(0).toFixed(1)}" cy="${axes.y(0)}" rx="${rx}" ry="${ry}"/>`;
}

const BOTTOM = `<path class="ck-fill-2" transform="translate(${axes.x(0).toFixed(1)} ${axes.y(0)})" d="M0-8 8 0 0 8-8 0Z"/>`;

function amount(value) {
  return value < 0.001 ? value.toExponential(0).replace("-", "−") : value.toPrecision(3);
}

export const figure = {
  name: "loss-surface",
  title: "Descent in a narrow bowl",
  size: [480, 320],
  controls: [
    { name: "rate", label: "Learning rate", min: 0.001, max: 0.16, step: 0.001, value: 0.07, digits: 3 },
    { name: "momentum", label: "Momentum", min: 0, max: 0.95, step: 0.05, value: 0, digits: 2 },
  ],
  points: [{ name: "start", label: "Start", x: -9, y: 2, range: [X, Y], step: [0.2, 0.2] }],
  scale: axes,
  model({ rate, momentum, start }) {
    const path = descend(start, rate, momentum);
    return { path, losses: path.map(loss), edge: edge(momentum), beyond: rate > edge(momentum) };
  },
  picture(_state, { path }) {
    // What is far outside would only make the numbers long.
    const near = (v) => Math.max(-2000, Math.min(2000, v));
    const seen = path.map(([x, y]) => [near(axes.x(x)), near(axes.y(y))]);
    const dots = seen.map(([x, y]) => `<circle class="ck-fill-1" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3"/>`);
    const [x, y] = seen[0];
    const drawn = LEVELS.map(level).join("") + line(seen, "ck-line-1") + dots.join("") + BOTTOM;
    return `${axes.frame}${axes.inside(drawn)}
<circle class="ck-line-1 ck-start" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="8"/>`;
  },
  says({ rate }, { losses, edge: limit, beyond }) {
    const [first, last] = [losses[0], losses.at(-1)];
    const steps = losses.length - 1;
    const where = `The rate ${rate.toFixed(3)} is ${beyond ? "beyond" : "within"} the edge of ${limit.toFixed(3)}.`;
    const found = last > first && last > 1e-9 ? `it has grown to ${amount(last)}: it diverges` : `it is ${amount(last)}`;
    return `${where} The loss is ${amount(first)} at the start; after ${steps} steps ${found}.`;
  },
};

define(figure);
