// What a threshold costs: 1,000 simulated flights whose scores were honest in training,
// and two kinds of mistake with a price each.
import { define, legend, line, number, plot } from "./kit.js";

const BINS = 100;
const FLIGHTS = 1000;
export const scores = Array.from({ length: BINS }, (_, i) => (i + 0.5) / BINS);

// Flights at each score, and how many of them are late: expected numbers, so that nothing
// here is luck. `odds` says how common delays are against training.
export function flights(odds) {
  const weight = scores.map((p) => p ** 0.2 * (1 - p) ** 3);
  const total = weight.reduce((a, b) => a + b, 0);
  const all = weight.map((w) => (FLIGHTS * w) / total);
  const late = all.map((n, i) => (n * odds * scores[i]) / (odds * scores[i] + 1 - scores[i]));
  return { late, punctual: all.map((n, i) => n - late[i]) };
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

function counts({ late, punctual }, threshold) {
  const first = Math.round(threshold * BINS); // scores from here on are warned of
  return {
    caught: sum(late.slice(first)),
    missed: sum(late.slice(0, first)),
    needless: sum(punctual.slice(first)),
    spared: sum(punctual.slice(0, first)),
  };
}

const price = ({ missed, needless }, { miss, alarm }) => (miss * missed + alarm * needless) / FLIGHTS;

const BOX = { top: [52, 30, 468, 160], low: [52, 238, 468, 368] };
const share = [0, 0.2, 0.4, 0.6, 0.8, 1];
const hist = plot({ box: BOX.top, x: [0, 1], y: [0, 150], ticks: [share, [0, 50, 100]], labels: ["", "flights in 1,000, by score"], digits: [1, 0] });

// The second look of each: what the threshold does to it. Mistakes are the full colours.
const KEYS = { punctual: ["ck-soft ck-edge", "ck-fill-1"], late: ["ck-fill-2", "ck-faded-2"] };
const NAMES = legend(300, 46, [
  [KEYS.late[0], "late, missed"],
  [KEYS.late[1], "late, caught"],
  [KEYS.punctual[1], "false alarm"],
  [KEYS.punctual[0], "punctual, left"],
]);

const MARKS = `<path class="ck-fill-2" transform="translate(258 223)" d="M0-8 8 0 0 8-8 0Z"/><text x="272" y="228">least</text>`
  + legend(330, 228, [["ck-line-3", "formula"]]);

const WIDE = 5; // scores in a bar

// Bars of flights, standing on others; a threshold at `cut` may run through one.
function bars(values, ground, looks, cut) {
  const of = (list, i) => sum(list.slice(i, i + WIDE));
  const bar = (look, from, to, low, high) => (from < to
    ? `<rect class="${look}" x="${hist.x(from / BINS).toFixed(1)}" y="${high.toFixed(1)}" width="${(hist.x(to / BINS) - hist.x(from / BINS)).toFixed(1)}" height="${(low - high).toFixed(1)}"/>`
    : "");
  return Array.from({ length: BINS / WIDE }, (_, k) => {
    const [i, end] = [k * WIDE, (k + 1) * WIDE];
    const [low, high] = [hist.y(of(ground, i)), hist.y(of(ground, i) + of(values, i))];
    const middle = Math.max(i, Math.min(end, cut));
    return bar(looks[0], i, middle, low, high) + bar(looks[1], middle, end, low, high);
  }).join("");
}

function marker(axes, x, [, top, , bottom], look) {
  return line([[axes.x(x), top], [axes.x(x), bottom]], look);
}

const dollars = (value) => number(value, 2);
const percent = (value) => (Number.isFinite(value) ? `${number(100 * value, 0)} %` : "undefined");

export const figure = {
  name: "threshold-cost",
  title: "A threshold and what it costs",
  size: [480, 414],
  controls: [
    { name: "threshold", label: "Rebook from a score of", min: 0, max: 1, step: 0.01, value: 0.5, digits: 2 },
    { name: "miss", label: "A miss costs", min: 25, max: 600, step: 25, value: 300, unit: "dollars" },
    { name: "alarm", label: "A false alarm costs", min: 25, max: 600, step: 25, value: 75, unit: "dollars" },
    { name: "world", label: "Delays now", value: "same", options: [["same", "as in training"], ["rare", "at half the odds"]] },
  ],
  model(state) {
    const rows = flights(state.world === "rare" ? 0.5 : 1);
    const costs = Array.from({ length: BINS + 1 }, (_, i) => price(counts(rows, i / BINS), state));
    const least = Math.min(...costs);
    const now = counts(rows, state.threshold);
    return {
      ...now, costs, least,
      precision: now.caught / (now.caught + now.needless),
      recall: now.caught / (now.caught + now.missed),
      cost: price(now, state),
      best: costs.indexOf(least) / BINS,
      formula: state.alarm / (state.alarm + state.miss),
    };
  },
  picture({ threshold, world }, { costs, best, formula, cost }) {
    const { late, punctual } = flights(world === "rare" ? 0.5 : 1);
    const none = late.map(() => 0);
    const cut = Math.round(threshold * BINS);
    const drawn = bars(punctual, none, KEYS.punctual, cut) + bars(late, punctual, KEYS.late, cut);
    const top = Math.max(10, Math.ceil(Math.max(...costs) / 20) * 20);
    const axes = plot({ box: BOX.low, x: [0, 1], y: [0, top], ticks: [share, [0, top / 2, top]], labels: ["threshold, score", "dollars a passenger"], digits: [1, 0] });
    const curve = line(costs.map((c, i) => [axes.x(i / BINS), axes.y(c)]), "ck-line-1");
    const [x, y] = [axes.x(threshold).toFixed(1), axes.y(cost).toFixed(1)];
    const low = `translate(${axes.x(best).toFixed(1)} ${axes.y(Math.min(...costs)).toFixed(1)})`;
    return `${hist.frame}${hist.inside(drawn)}${NAMES}${marker(hist, threshold, BOX.top, "ck-line-1")}
${axes.frame}${MARKS}${marker(axes, formula, BOX.low, "ck-line-3")}${curve}${marker(axes, threshold, BOX.low, "ck-faint")}
<path class="ck-fill-2" transform="${low}" d="M0-8 8 0 0 8-8 0Z"/><circle class="ck-line-1 ck-start" cx="${x}" cy="${y}" r="6"/>`;
  },
  says(_state, { missed, needless, precision, recall, cost, best, least, formula }) {
    const whole = (value) => number(value, 0);
    return `${whole(missed)} misses and ${whole(needless)} false alarms in 1,000; precision ${percent(precision)}, recall ${percent(recall)}. It costs ${dollars(cost)} dollars a passenger; the least is ${dollars(least)}, at ${number(best, 2)}, where the formula says ${number(formula, 2)}.`;
  },
};

define(figure);
