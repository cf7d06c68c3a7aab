// The kit of the figures that move. A figure is a file beside this one:
//
//   import { define, line, number, plot } from "./kit.js";
//   export const figure = {
//     name: "loss-surface",          // the custom element's tag and the file's name
//     title: "Descent in a bowl",    // what screen readers call the group of controls
//     size: [480, 320],              // viewBox of the picture
//     controls: [                    // in the order shown; each is state[name]
//       { name: "rate", label: "Learning rate", min: 0, max: 1, step: 0.1, value: 0.5,
//         digits: 1, unit: "ms",     // both may be left out
//         shows: (value) => "..." }, // instead of digits and unit, e.g. 10 ** value
//       { name: "noisy", label: "With noise", value: true },              // a checkbox
//       { name: "kind", label: "Kind", value: "a",                        // radio buttons
//         options: [["a", "First"], ["b", "Second"]] },
//     ],
//     points: [                      // what can be dragged; state[name] is [x, y]
//       { name: "start", label: "Start", x: -9, y: 2,
//         range: [[-10, 3], [-4, 4]], step: [0.2, 0.2] },
//     ],
//     steps: (state) => 12,          // last value of state.step, which begins at 0;
//                                    // left out where there is nothing to step through
//     pause: 1200,                   // milliseconds a step while it plays
//     model(state) { return { ... }; },         // numbers in, numbers out
//     picture(state, result) { return "<g/>"; },  // SVG of what is drawn, a string
//     scale: { x: (v) => px, y: (v) => px },    // linear; only where there are points
//     says(state, result) { return "..."; },    // one sentence under the picture
//   };
//   define(figure);
//
// Only what the figure itself writes may stand in `picture`: it becomes markup. Names
// are lower case, because an attribute of that name on the element gives another first
// value: rate="0.07", noisy="false", kind="b", start="-9 2", step="3". The points are
// drawn by `picture`; the kit lays a round target of 44 px over each. The page's HTML has
// the first state already (coursekit/site/figures.mjs): the element takes it over. In
// Node `define` does nothing, so tests import a figure and call its model. When the site
// is built, this file and the figure become one classic script: import nothing else.
//
// Looks, all from styles/figures.css: text needs no class (it grows on a phone: leave
// room for letters of 3.4 % of the width); ck-line-1 and ck-fill-1 are the accent,
// -2 warm and dashed, -3 green and dotted; ck-faint is for axes, ck-soft for grounds.

const clamp = (value, [low, high]) => Math.max(low, Math.min(high, value));

// A number as readers see it, with a real minus.
export const number = (value, digits = 2) =>
  value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");

const short = (value) => String(Math.round(value * 100) / 100);

// A line through points that are in pixels already.
export const line = (points, look) =>
  `<polyline class="${look}" points="${points.map((p) => p.map(short).join()).join(" ")}"/>`;

// Axes: `box` is [left, top, right, bottom] in pixels, `x` and `y` the ranges, `ticks` and
// `labels` (with their units) one entry each. Gives the two scales, the axes' markup, and
// `inside`, which cuts off what lies outside the box.
export function plot({ box: [left, top, right, bottom], x, y, ticks, labels, digits = [0, 0] }) {
  const along = ([low, high], from, to) => (v) => from + ((v - low) / (high - low)) * (to - from);
  const [sx, sy] = [along(x, left, right), along(y, bottom, top)];
  const below = ticks[0].map((v) => `<text x="${short(sx(v))}" y="${bottom + 18}" text-anchor="middle">${number(v, digits[0])}</text>`);
  const beside = ticks[1].map((v) => `<text x="${left - 6}" y="${short(sy(v) + 5)}" text-anchor="end">${number(v, digits[1])}</text>`);
  const frame = line([[left, top], [left, bottom], [right, bottom]], "ck-faint")
    + below.join("") + beside.join("")
    + `<text x="${right}" y="${bottom + 38}" text-anchor="end">${labels[0]}</text>`
    + `<text x="${Math.max(2, left - 40)}" y="${top - 10}">${labels[1]}</text>`;
  const [width, height] = [right - left, bottom - top];
  const inside = (markup) => `<svg x="${left}" y="${top}" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}">${markup}</svg>`;
  return { x: sx, y: sy, frame, inside };
}

// What the looks mean: entries [look, text] under each other, the first at (x, y).
export const legend = (x, y, entries) => entries.map(([look, text], i) => {
  const at = y + 22 * i;
  const filled = /fill|soft|faded/.test(look);
  const sample = filled ? `<rect class="${look}" x="${x}" y="${at - 11}" width="24" height="12"/>`
    : line([[x, at - 5], [x + 24, at - 5]], look);
  return `${sample}<text x="${x + 32}" y="${at}">${text}</text>`;
}).join("");

// The first state, with what attributes say instead.
export function initial({ controls = [], points = [], steps }, given = {}) {
  const state = {};
  for (const control of controls) state[control.name] = read(control, given[control.name]);
  for (const { name, x, y, range } of points) {
    const pair = (given[name] ?? "").split(/[ ,]+/).map(Number);
    const usable = given[name] && pair.length === 2 && pair.every(Number.isFinite);
    state[name] = usable ? pair.map((v, i) => clamp(v, range[i])) : [x, y];
  }
  if (steps) state.step = clamp(Math.trunc(given.step) || 0, [0, steps(state)]);
  return state;
}

function read({ min, max, options, value }, text) {
  if (text === undefined) return value;
  if (options) return options.some(([name]) => name === text) ? text : value;
  if (typeof value === "boolean") return text !== "false";
  return text.trim() && Number.isFinite(Number(text)) ? clamp(Number(text), [min, max]) : value;
}

// What a slider's read-out says.
export function shown({ shows, digits = 0, unit }, value) {
  return shows ? shows(value) : number(value, digits) + (unit ? ` ${unit}` : "");
}

// Where a point's handle stands (in per cent of the picture) and what it says.
export function handle({ size: [width, height], scale }, { step }, [x, y]) {
  const digits = step.map((s) => Math.max(0, -Math.floor(Math.log10(s || 1))));
  return {
    left: `${short((100 * scale.x(x)) / width)}%`,
    top: `${short((100 * scale.y(y)) / height)}%`,
    now: x,
    text: `x ${number(x, digits[0])}, y ${number(y, digits[1])}`,
  };
}

// Where the stepper stands.
export const place = ({ steps }, state) => `Step ${state.step} of ${steps(state)}`;

const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
  PageUp: [0, 5], PageDown: [0, -5], Home: [-Infinity, 0], End: [Infinity, 0],
};

class Live extends (globalThis.HTMLElement ?? Object) {
  connectedCallback() {
    if (this.state) return;
    this.reset();
    this.addEventListener("input", ({ target }) => this.entered(target));
    this.addEventListener("click", ({ target }) => this.press(target.closest("button")));
    for (const target of this.querySelectorAll(".ck-handle")) this.listen(target);
    this.draw();
  }

  disconnectedCallback() { this.stop(); }

  reset() {
    const given = [...this.attributes].map(({ name, value }) => [name, value]);
    this.state = initial(this.figure, Object.fromEntries(given));
  }

  entered(input) {
    const { name } = input.dataset;
    const values = { checkbox: input.checked, radio: input.value, range: Number(input.value) };
    this.stop();
    this.change({ [name]: values[input.type] });
  }

  press(button) {
    const action = button?.dataset.do;
    if (!action) return;
    const playing = this.playing;
    this.stop();
    if (action === "reset") this.reset();
    if (action === "back") this.state.step -= 1;
    if (action === "next") this.state.step += 1;
    if (action === "play" && !playing) this.play();
    this.change({});
  }

  play() {
    const last = () => this.figure.steps(this.state);
    if (this.state.step >= last()) this.state.step = 0;
    this.playing = setInterval(() => {
      if (this.state.step + 1 >= last()) this.stop();
      this.change({ step: this.state.step + 1 });
    }, this.figure.pause ?? 1200);
  }

  stop() {
    clearInterval(this.playing);
    this.playing = 0;
  }

  listen(target) {
    const point = this.figure.points.find(({ name }) => name === target.dataset.name);
    let held = null; // where in the handle the pointer took hold
    target.addEventListener("pointerdown", (event) => {
      const box = target.getBoundingClientRect();
      held = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
      target.setPointerCapture(event.pointerId);
      event.preventDefault();
      target.focus({ preventScroll: true });
    });
    target.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (held) this.move(point, this.valueAt(point, clientX - held[0], clientY - held[1]));
    });
    target.addEventListener("lostpointercapture", () => { held = null; });
    target.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      const times = event.shiftKey ? 5 : 1;
      const by = KEYS[event.key].map((way, i) => way && way * times * point.step[i]);
      this.move(point, this.state[point.name].map((v, i) => v + by[i]));
    });
  }

  // The value under a place on the screen, to half a step: the scales are linear.
  valueAt({ range, step }, clientX, clientY) {
    const { size, scale } = this.figure;
    const box = this.querySelector("svg").getBoundingClientRect();
    const seen = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    return [scale.x, scale.y].map((to, i) => {
      const [from, until] = range[i].map(to);
      const part = (seen[i] * size[i] - from) / (until - from || 1);
      const value = range[i][0] + part * (range[i][1] - range[i][0]);
      return step[i] ? (Math.round((2 * value) / step[i]) * step[i]) / 2 : value;
    });
  }

  move({ name, range }, to) {
    this.stop();
    this.change({ [name]: to.map((v, i) => Math.round(clamp(v, range[i]) * 1e4) / 1e4) });
  }

  // Draw at once; tell screen readers when nothing has moved for a while.
  change(changes) {
    Object.assign(this.state, changes);
    const said = this.draw();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.querySelector("[role=status]").textContent = said;
    }, 600);
  }

  draw() {
    const { figure, state } = this;
    if (figure.steps) state.step = clamp(state.step, [0, figure.steps(state)]);
    const result = figure.model(state);
    this.querySelector("svg > g").innerHTML = figure.picture(state, result);
    for (const input of this.querySelectorAll("input")) this.showInput(input);
    for (const target of this.querySelectorAll(".ck-handle")) this.showHandle(target);
    if (figure.steps) this.showSteps();
    const said = figure.says(state, result);
    this.querySelector(".ck-figure-says").textContent = said;
    return said;
  }

  showInput(input) {
    const { name } = input.dataset;
    const value = this.state[name];
    if (input.type === "checkbox") input.checked = value;
    if (input.type === "radio") input.checked = input.value === value;
    if (input.type !== "range") return;
    const text = shown(this.figure.controls.find((control) => control.name === name), value);
    input.value = value;
    input.setAttribute("aria-valuetext", text);
    this.querySelector(`.ck-read[data-name="${name}"]`).textContent = text;
  }

  showHandle(target) {
    const { name } = target.dataset;
    const point = this.figure.points.find((other) => other.name === name);
    const { left, top, now, text } = handle(this.figure, point, this.state[name]);
    Object.assign(target.style, { left, top });
    target.setAttribute("aria-valuenow", now);
    target.setAttribute("aria-valuetext", text);
  }

  showSteps() {
    const { step } = this.state;
    const at = { back: 0, next: this.figure.steps(this.state) };
    for (const [action, end] of Object.entries(at)) {
      this.querySelector(`[data-do=${action}]`).setAttribute("aria-disabled", step === end);
    }
    this.querySelector("[data-do=play]").textContent = this.playing ? "Pause" : "Play";
    this.querySelector(".ck-place").textContent = place(this.figure, this.state);
  }
}

export function define(figure) {
  if (!globalThis.customElements || customElements.get(figure.name)) return;
  customElements.define(figure.name, class extends Live { figure = figure; });
}
