// What a ring means: 1,000 flights past an alarm, an icon each, and the share of its rings
// that are right.
import { define, number } from "./kit.js";

const FLIGHTS = 1000;
const [ACROSS, CELL, LEFT, TOP] = [50, 9.2, 10, 8];
const BAR = { left: 10, top: 236, width: 460, height: 24 };

const square = (x, y) => `M${x + 1} ${y + 1}h7v7h-7Z`;
const diamond = (x, y) => `M${x + 4.5} ${y - 0.5}l5 5-5 5-5-5Z`;

// One path for all icons of a kind: the flights from one number to another.
function icons(from, to, shape, look) {
  const places = Array.from({ length: to - from }, (_, i) => from + i).map((i) =>
    shape(LEFT + CELL * (i % ACROSS), TOP + CELL * Math.floor(i / ACROSS)));
  return `<path class="${look}" d="${places.join("").replace(/(\.\d)\d+/g, "$1")}"/>`;
}

const KINDS = [
  ["right", diamond, "ck-fill-2", "stuck, rang"],
  ["missed", diamond, "ck-faded-2", "stuck, silent"],
  ["needless", square, "ck-fill-1", "others, rang"],
  ["spared", square, "ck-soft", "others, silent"],
];

// The kinds under the grid, two beside each other.
const NAMES = KINDS.map(([, shape, look, text], i) => {
  const [x, y] = [LEFT + 230 * Math.floor(i / 2), 302 + 24 * (i % 2)];
  return `<path class="${look}" d="${shape(x, y - 9)}"/><text x="${x + 16}" y="${y}">${text}</text>`;
}).join("");

// Whole icons: a kind may be half a flight off.
function whole({ right, missed, needless }) {
  const stuck = Math.round(right + missed);
  const heard = Math.min(stuck, Math.round(right));
  return [heard, stuck - heard, Math.min(FLIGHTS - stuck, Math.round(needless))];
}

const oneTo = (odds) => (odds < 1 ? `1 to ${number(1 / odds, 1)}` : `${number(odds, 1)} to 1`);

export const figure = {
  name: "alarm-icons",
  title: "What a ring means",
  size: [480, 336],
  controls: [
    { name: "base", label: "Stuck flights in 1,000", min: 0.0014, max: 2.7, step: 0.01, value: 0.6714, shows: (v) => number(10 ** v, 1) },
    { name: "sensitivity", label: "Sensitivity", min: 50, max: 100, step: 1, value: 99, unit: "%" },
    { name: "specificity", label: "Specificity", min: 90, max: 100, step: 0.1, value: 99, digits: 1, unit: "%" },
  ],
  model({ base, sensitivity, specificity }) {
    const stuck = 10 ** base;
    const right = (stuck * sensitivity) / 100;
    const needless = ((FLIGHTS - stuck) * (100 - specificity)) / 100;
    return {
      right,
      needless,
      missed: stuck - right,
      spared: FLIGHTS - stuck - needless,
      precision: right / (right + needless),
      prior: stuck / (FLIGHTS - stuck),
    };
  },
  picture(_state, result) {
    const ends = whole(result).reduce((sums, n) => [...sums, sums.at(-1) + n], [0]);
    const drawn = KINDS.map(([, shape, look], i) => icons(ends[i], ends[i + 1] ?? FLIGHTS, shape, look));
    const part = BAR.width * result.precision;
    const bar = `<text x="${BAR.left}" y="${BAR.top - 10}">of the rings: ${number(100 * result.precision, 0)} % right</text>`
      + `<rect class="ck-fill-1" x="${BAR.left}" y="${BAR.top}" width="${BAR.width}" height="${BAR.height}"/>`
      + `<rect class="ck-fill-2 ck-rim" x="${BAR.left}" y="${BAR.top}" width="${number(part, 1)}" height="${BAR.height}"/>`;
    return drawn.join("") + bar + NAMES;
  },
  says({ sensitivity, specificity }, { right, missed, needless, precision, prior }) {
    const rings = `Of 1,000 flights ${number(right + missed, 1)} are stuck. The alarm rings for ${number(right, 1)} of them and for ${number(needless, 1)} of the others: ${number(100 * precision, 0)} % of the rings are right.`;
    const off = 100 - specificity;
    if (off < 1e-9) return `${rings} An alarm that never rings for nothing is always right.`;
    const ratio = sensitivity / off;
    return `${rings} Odds of ${oneTo(prior)}, times a likelihood ratio of ${number(ratio, 1)}, are ${oneTo(prior * ratio)}.`;
  },
};

define(figure);
