// The error of a measured slope against the step: the formula's part falls with the step,
// rounding's part grows, and the best step is where they meet.
import { define, legend, line, number, plot } from "./kit.js";

// The loss of the page along one weight, to within its constant: its first derivatives at
// zero are 1 - Q, 2 Q and -4 Q.
const Q = 2.7331977;
const CONSTANT = 0.0245;
const SLOPE = 1 - Q;
const UNITS = { double: 2 ** -53, single: 2 ** -24 };
const ROUND = { double: (v) => v, single: Math.fround };

// Every operation rounds to the format, as it would where only that format is at hand.
function loss(t, kind) {
  const fit = ROUND[kind];
  const power = fit(Math.exp(fit(-2 * t)));
  return fit(fit(CONSTANT + t) + fit(fit(Q / 2) * power));
}

function measure(step, way, kind) {
  const fit = ROUND[kind];
  const h = fit(step);
  if (way === "forward") return fit(fit(loss(h, kind) - loss(0, kind)) / h);
  return fit(fit(loss(h, kind) - loss(-h, kind)) / (2 * h));
}

// What theory says of both parts, and of the step at which their sum is smallest.
function theory(step, way, kind) {
  const noise = UNITS[kind] * (CONSTANT + Q / 2);
  if (way === "forward") return { formula: step * Q, rounding: (2 * noise) / step };
  return { formula: (step ** 2 * 4 * Q) / 6, rounding: noise / step };
}

function bestStep(way, kind) {
  const noise = UNITS[kind] * (CONSTANT + Q / 2);
  return way === "forward" ? Math.sqrt((2 * noise) / Q) : Math.cbrt((3 * noise) / (4 * Q));
}

const POWERS = [-15, 0];
const FLOOR = -13;
const BOX = [52, 66, 466, 290];
const axes = plot({
  box: BOX, x: POWERS, y: [FLOOR, 2],
  ticks: [[-15, -12, -9, -6, -3, 0], [-12, -9, -6, -3, 0]],
  labels: ["step h (power of ten)", "error of the slope (power of ten)"],
});
const GRID = Array.from({ length: 61 }, (_, i) => POWERS[0] + i / 4);
const NAMES = legend(116, 20, [["ck-line-3", "formula"]])
  + legend(232, 20, [["ck-line-2", "rounding"]]) + legend(352, 20, [["ck-fill-1", "measured"]]);

const height = (error) => axes.y(Math.max(FLOOR, Math.log10(Math.max(error, 1e-300))));
const dot = (power, error, r, look) =>
  `<circle class="${look}" cx="${axes.x(power).toFixed(1)}" cy="${height(error).toFixed(1)}" r="${r}"/>`;
const drawn = (of) => GRID.map((power) => [axes.x(power), axes.y(Math.log10(of(10 ** power)))]);

const scientific = (v) => {
  const [digits, power] = v.toExponential(0).split("e");
  return `${digits}e${power.replace("+", "").replace("-", "−")}`;
};

export const figure = {
  name: "difference-step",
  title: "How small a step measures a slope best",
  size: [480, 336],
  controls: [
    { name: "power", label: "Step h", min: -15, max: 0, step: 0.25, value: -1, shows: (v) => scientific(10 ** v) },
    { name: "way", label: "Difference", value: "forward", options: [["forward", "Forward"], ["central", "Central"]] },
    { name: "kind", label: "Numbers", value: "double", options: [["double", "float64"], ["single", "float32"]] },
  ],
  model({ power, way, kind }) {
    const measured = measure(10 ** power, way, kind);
    const errors = GRID.map((p) => Math.abs(measure(10 ** p, way, kind) - SLOPE));
    const error = Math.abs(measured - SLOPE);
    return { measured, error, errors, best: bestStep(way, kind), ...theory(10 ** power, way, kind) };
  },
  picture({ power, way, kind }, { error, errors }) {
    const x = axes.x(power);
    return NAMES + axes.frame + axes.inside(
      line(drawn((h) => theory(h, way, kind).formula), "ck-line-3")
      + line(drawn((h) => theory(h, way, kind).rounding), "ck-line-2")
      + line([[x, BOX[1]], [x, BOX[3]]], "ck-faint ck-dash")
      + GRID.map((p, i) => dot(p, errors[i], 2.5, "ck-fill-1")).join("")
      + dot(power, error, 7, "ck-fill-1"),
    );
  },
  says(_state, { measured, error, formula, rounding }) {
    const begin = `Measured ${number(measured, 8)}, true ${number(SLOPE, 8)}.`;
    if (measured === 0) return `${begin} Both losses round to the same number.`;
    const digits = Math.max(0, Math.floor(-Math.log10(Math.max(error, 1e-16) / -SLOPE)));
    const main = formula > rounding ? "a smaller step would help" : "a larger step would help";
    return `${begin} About ${digits} correct digits; ${main}.`;
  },
};

define(figure);
