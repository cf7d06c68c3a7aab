// <queue-simulator>: requests at random, one line, some servers. A seeded simulation
// beside the closed forms of the page system-design/capacity-and-scaling.
import { define, line, number, plot } from "./kit.js";

const COUNT = 40000; // requests of the simulation
const BATCHES = 20; // their means give the standard error
const SECONDS = 2; // of the line that is drawn
const TOP = 200; // ms, the highest wait on the axis

// Service times in units of their mean, by a uniform number; squared variation.
const KINDS = {
  same: { of: () => 1, variation: 0 },
  exponential: { of: (u) => -Math.log(1 - u), variation: 1 },
  heavy: { of: (u) => (u < 0.95 ? 0.5 : 10.5), variation: 4.75 },
};

// mulberry32: small, seeded, good enough to draw from.
function uniform(seed) {
  let state = seed * 7919;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Gaps with mean 1 and the numbers that services are made of, so that a slider stretches
// one history instead of drawing another.
const drawn = new Map();
function draws(seed) {
  if (!drawn.has(seed)) {
    const next = uniform(seed);
    const gaps = Float64Array.from({ length: COUNT }, () => -Math.log(1 - next()));
    drawn.set(seed, [gaps, Float64Array.from({ length: COUNT }, next)]);
  }
  return drawn.get(seed);
}

// In order of arrival, each by the server that is free first; all times in seconds.
export function simulate({ rate, service, servers, kind, seed }) {
  const [gaps, numbers] = draws(seed);
  const lengths = numbers.map((u) => (service / 1000) * KINDS[kind].of(u));
  let now = 0;
  const arrivals = gaps.map((gap) => (now += gap / rate));
  const free = new Float64Array(servers);
  const starts = arrivals.map((arrival, i) => {
    let first = 0;
    for (let j = 1; j < servers; j += 1) if (free[j] < free[first]) first = j;
    const start = Math.max(arrival, free[first]);
    free[first] = start + lengths[i];
    return start;
  });
  return { arrivals, starts, lengths };
}

// The probability that a request waits at all (M/M/c).
export function erlangC(load, servers) {
  let blocked = 1;
  for (let i = 1; i <= servers; i += 1) blocked = (load * blocked) / (i + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

// Mean wait in units of the service time: exact for exponential times (Erlang) and for
// one server (Pollaczek and Khinchine), for others an approximation (Allen and Cunneen).
export const meanWait = (load, servers, variation) => (load < servers
  ? ((1 + variation) / 2) * (erlangC(load, servers) / (servers - load)) : Infinity);

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function meanAndError(waits) {
  const size = COUNT / BATCHES;
  const means = Array.from({ length: BATCHES }, (_, i) => meanOf(waits.subarray(i * size, (i + 1) * size)));
  const mean = meanOf(means);
  return [mean, Math.sqrt(meanOf(means.map((value) => (value - mean) ** 2)) / (BATCHES - 1))];
}

// How many wait, each time that changes, until `SECONDS`.
function waiting({ arrivals, starts }) {
  const changes = [];
  for (let i = 0; i < COUNT && arrivals[i] < SECONDS; i += 1) {
    if (starts[i] > arrivals[i]) changes.push([arrivals[i], 1], [starts[i], -1]);
  }
  let length = 0;
  return changes.filter(([time]) => time < SECONDS).sort((a, b) => a[0] - b[0])
    .map(([time, change]) => [time, (length += change)]);
}

function model(state) {
  const { rate, service, servers, kind } = state;
  const { variation } = KINDS[kind];
  const history = simulate(state);
  const waits = history.starts.map((start, i) => 1000 * (start - history.arrivals[i]));
  const [mean, error] = meanAndError(waits);
  const load = (rate * service) / 1000;
  return {
    mean, error, busy: load / servers,
    formula: service * meanWait(load, servers, variation),
    exact: servers === 1 || variation === 1,
    p95: waits.sort()[Math.ceil(0.95 * COUNT) - 1],
    line: waiting(history),
  };
}

function trace(steps) {
  const top = Math.max(10, 10 * Math.ceil(Math.max(...steps.map(([, n]) => n), 0) / 10));
  const { x, y, frame } = plot({
    box: [52, 34, 458, 140], x: [0, SECONDS], y: [0, top],
    ticks: [[0, 0.5, 1, 1.5, 2], [0, top]], digits: [1, 0], labels: ["time (s)", "waiting in line (requests)"],
  });
  const corners = steps.map(([time, n]) => `H${x(time).toFixed(1)}V${y(n).toFixed(1)}`);
  return `${frame}<path class="ck-line-1" d="M${x(0)} ${y(0)}${corners.join("")}H${x(SECONDS)}"/>`;
}

const text = (x, y, words) => `<text x="${x}" y="${y}">${words}</text>`;
const dot = (x, y) => `<circle class="ck-fill-1" cx="${x}" cy="${y}" r="5"/>`;
const cross = (x, y, more = "") =>
  `<path class="ck-line-2" style="stroke-dasharray:none" d="M${x - 6} ${y - 6}l12 12m0 -12l-12 12${more}"/>`;

function knee({ servers, service, kind }, { busy, formula, mean, error }) {
  const { x, y, frame } = plot({
    box: [52, 230, 458, 396], x: [0, 1], y: [0, TOP],
    ticks: [[0, 0.25, 0.5, 0.75, 1], [0, 100, TOP]], digits: [2, 0], labels: ["utilisation", "mean wait (ms)"],
  });
  const high = (wait) => y(Math.min(TOP, wait));
  const at = x(Math.min(1, busy));
  const curve = Array.from({ length: 99 }, (_, i) => (i + 1) / 100)
    .map((part) => [part, service * meanWait(part * servers, servers, KINDS[kind].variation)])
    .filter(([, wait]) => wait <= TOP).map(([part, wait]) => [x(part), y(wait)]);
  const errors = `M${at} ${high(mean - 2 * error)}V${high(mean + 2 * error)}`;
  return frame + line(curve, "ck-line-1") + cross(at, high(mean), errors) + dot(at, high(formula))
    + (Math.min(mean, formula) > TOP ? text(at - 76, y(TOP) + 5, "higher ↑") : "")
    + dot(80, 252) + text(92, 257, "formula")
    + cross(80, 276) + text(92, 282, "simulation, ± 2 standard errors");
}

function says({ rate, service, servers }, { busy, formula, exact, mean, error, p95 }) {
  const full = `${number(100 * busy, 0)} % busy`;
  if (busy >= 1) {
    const growth = Math.round(rate - (1000 * servers) / service);
    return `${full}: there is no mean wait, since the line grows without end${growth ? `, by about ${growth} requests a second` : ""}.`;
  }
  return `${full}: the mean wait is ${number(formula, 1)} ms by ${exact ? "the formula" : "approximation"}, `
    + `${number(mean, 1)} ± ${number(error, 1)} ms simulated; 95 % wait at most ${number(p95, 0)} ms.`;
}

const slider = (name, label, [min, max, step], value, unit) => ({ name, label, min, max, step, value, unit });

export const figure = {
  name: "queue-simulator",
  title: "A line of requests",
  size: [480, 440],
  controls: [
    slider("rate", "Arrivals", [5, 400, 5], 50, "a second"),
    slider("service", "Mean service time", [2, 20, 1], 10, "ms"),
    slider("servers", "Servers on one line", [1, 8, 1], 1),
    slider("seed", "Draw", [1, 9, 1], 1),
    { name: "kind", label: "Service times", value: "exponential",
      options: [["same", "all equal"], ["exponential", "exponential"], ["heavy", "one in 20 slow"]] },
  ],
  points: [],
  model,
  picture: (state, result) => trace(result.line) + knee(state, result),
  says,
};
define(figure);
