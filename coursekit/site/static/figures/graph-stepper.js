// <graph-stepper>: one neuron with a squared error, the computation graph of the page
// deep-learning/autograd: forward value by value, then back arrow by arrow.
import { define, number } from "./kit.js";

// Where a value stands, and how it is computed; without `of` it is an input.
const NODES = {
  w: { at: [60, 40] },
  x: { at: [170, 40] },
  a: { at: [115, 136], rule: "w x", of: ({ w, x }) => w * x },
  b: { at: [225, 136] },
  z: { at: [170, 232], rule: "a + b", of: ({ a, b }) => a + b },
  h: { at: [332, 232], rule: "tanh z", of: ({ z }) => Math.tanh(z) },
  y: { at: [432, 232] },
  e: { at: [382, 328], rule: "h − y", of: ({ h, y }) => h - y },
  L: { at: [150, 328], rule: "e × e", of: ({ e }) => e * e },
};
const FORWARD = Object.keys(NODES).filter((name) => NODES[name].of);

// Arrows in the order in which gradients go back, those of one step together: from, to,
// slope of `to` by `from`, both ends in the picture, bend, and where the slope is written.
const BACKWARD = [
  [["e", "L", ({ e }) => e, [336, 316], [196, 316], -34, [266, 286, "middle"]]],
  [["e", "L", ({ e }) => e, [336, 340], [196, 340], 34, [266, 381, "middle"]]],
  [["h", "e", () => 1, [332, 262], [370, 298], 0, [344, 288, "end"]],
    ["y", "e", () => -1, [432, 262], [394, 298], 0, [420, 288, "start"]]],
  [["z", "h", ({ h }) => 1 - h * h, [216, 232], [286, 232], 0, [250, 222, "middle"]]],
  [["a", "z", () => 1, [115, 166], [158, 202], 0, [129, 192, "end"]],
    ["b", "z", () => 1, [225, 166], [182, 202], 0, [212, 192, "start"]]],
  [["w", "a", ({ x }) => x, [60, 70], [103, 106], 0, [74, 96, "end"]],
    ["x", "a", ({ w }) => w, [170, 70], [127, 106], 0, [157, 96, "start"]]],
];
const START = FORWARD.length + 1; // the step that sets dL = 1

const BACK = ' style="fill:var(--ck-wrong)" font-style="italic"';
const short = (value) => number(value, 3).replace(/\.?0+$/, "").replace(/^−0$/, "0");

// Values that are known after `step` steps, the slopes of the arrows, what has come back
// along each of them, and the sums of that.
function model({ step, w, x, b, y }) {
  const all = { w, x, b, y };
  for (const name of FORWARD) all[name] = NODES[name].of(all);
  const hidden = FORWARD.slice(step);
  const grads = step >= START ? { L: 1 } : {};
  const edges = BACKWARD.flatMap((group, i) => group.map(([from, to, rule]) => {
    const slope = rule(all);
    const done = step > START + i;
    const sent = done ? grads[to] * slope : null;
    if (done) grads[from] = (grads[from] ?? 0) + sent;
    return { from, to, slope, sent, now: step === START + i + 1 };
  }));
  const values = Object.fromEntries(Object.entries(all).filter(([name]) => !hidden.includes(name)));
  return { values, grads, edges };
}

function head([x, y], [fromX, fromY], look) {
  const turn = (Math.atan2(y - fromY, x - fromX) * 180) / Math.PI;
  return `<path style="fill:var(--ck-${look})" d="M0 0L-9 4.5V-4.5Z" transform="translate(${x} ${y}) rotate(${turn.toFixed(1)})"/>`;
}

// Forward an arrow is faint; once a gradient has gone back along it, it points back.
function arrow([, , , start, end, bend, [x, y, anchor]], { slope, sent, now }, known) {
  const middle = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + bend];
  const back = sent !== null;
  const path = `<path class="${back ? "ck-line-2" : "ck-faint"}"${now ? ' style="stroke-width:4"' : ""} d="M${start}Q${middle} ${end}"/>`;
  const tip = back ? head(start, middle, "wrong") : head(end, middle, "muted");
  const label = known ? `<text x="${x}" y="${y}" text-anchor="${anchor}">×${short(slope)}</text>` : "";
  return path + tip + label;
}

function box(name, value, grad, now) {
  const { at: [x, y], rule } = NODES[name];
  const row = (text, dy, look = "") => `<text x="${x}" y="${y + dy}" text-anchor="middle"${look}>${text}</text>`;
  return `<rect class="ck-soft ${now ? "ck-line-1" : "ck-faint"}" x="${x - 47}" y="${y - 30}" width="94" height="60" rx="8"/>`
    + row(rule ? `${name} = ${rule}` : name, -12)
    + row(value === undefined ? "?" : number(value, 3), 6, ' font-weight="600"')
    + (grad === undefined ? "" : row(number(grad, 3), 24, BACK));
}

function picture({ step }, { values, grads, edges }) {
  const now = (name) => FORWARD[step - 1] === name || (step === START && name === "L")
    || edges.some((edge) => edge.now && edge.from === name);
  const arrows = BACKWARD.flat().map((edge, i) => arrow(edge, edges[i], edge[1] in values));
  const boxes = Object.keys(NODES).map((name) => box(name, values[name], grads[name], now(name)));
  return arrows.join("") + boxes.join("")
    + '<text x="300" y="34" font-weight="600">value, forward</text>'
    + `<text x="300" y="58"${BACK}>gradient, back</text>`
    + '<text x="300" y="82">×slope of a step</text>';
}

function says({ step }, { values, grads, edges }) {
  if (step === 0) return "The inputs are known; nothing is computed yet.";
  if (step < START) {
    const name = FORWARD[step - 1];
    return `Forward: ${name} = ${NODES[name].rule} = ${number(values[name], 3)}.`;
  }
  if (step === START) return "Back from the end: if L rises by 1, L rises by 1. Its gradient is 1.";
  const moves = edges.filter(({ now }) => now).map(({ from, to, slope, sent }) =>
    `${from} gets ${number(grads[to], 3)} × ${short(slope)} = ${number(sent, 3)}`);
  const second = step === START + 2;
  return `Back: ${moves.join(", ")}${second ? `, added to what it had: ${number(grads.e, 3)}` : ""}.`;
}

const control = (name, label, value) => ({ name, label, min: -2, max: 2, step: 0.1, value, digits: 1 });

export const figure = {
  name: "graph-stepper",
  title: "A forward and a backward pass, step by step",
  size: [480, 392],
  controls: [
    control("w", "Weight w", 0.5), control("x", "Input x", 2),
    control("b", "Bias b", -0.4), control("y", "Target y", 1),
  ],
  points: [],
  steps: () => START + BACKWARD.length,
  pause: 1500,
  model,
  picture,
  says,
};
define(figure);
