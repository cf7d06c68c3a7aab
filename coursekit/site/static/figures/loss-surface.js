// <loss-surface>: gradient descent with momentum on the bowl (x² + 25 y²) / 2,
// the one of the page mathematics/gradient-descent.
// Drag the start, or focus it and use the arrow keys; the path follows at once.

const CURVATURE = [1, 25];
const STEPS = 60;
const LOW = [-10.5, -4.2]; // corners of what is drawn
const HIGH = [3.5, 4.2];
const SPAN = HIGH.map((high, i) => high - LOW[i]);
const SVG = "http://www.w3.org/2000/svg";

// The picture's second axis points down, the bowl's points up.
const onScreen = ([x, y]) => [x, -y];
const loss = ([x, y]) => (CURVATURE[0] * x * x + CURVATURE[1] * y * y) / 2;

function descend(start, rate, momentum) {
  const path = [start];
  let point = start;
  let velocity = [0, 0];
  for (let step = 0; step < STEPS && loss(point) < 1e6; step += 1) {
    velocity = velocity.map((v, i) => momentum * v - rate * CURVATURE[i] * point[i]);
    point = point.map((p, i) => p + velocity[i]);
    path.push(point);
  }
  return path;
}

function draw(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

const TEMPLATE = `
  <style>
    loss-surface svg { width: 100%; height: auto; touch-action: none; display: block; }
    loss-surface .level { fill: none; stroke: currentColor; opacity: 0.3; stroke-width: 0.04; }
    loss-surface .path { fill: none; stroke: var(--ck-accent); stroke-width: 0.08; }
    loss-surface .dot { fill: var(--ck-accent); }
    loss-surface .start { fill: var(--pst-color-background, Canvas); stroke: var(--ck-accent);
      stroke-width: 0.12; cursor: grab; }
    loss-surface .start:focus-visible { stroke-width: 0.24; outline: none; }
    loss-surface .controls { display: grid; gap: 0 1.5rem;
      grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
    loss-surface label { display: flex; justify-content: space-between; padding-top: 0.6rem; }
    loss-surface input { width: 100%; min-height: 44px; accent-color: var(--ck-accent); }
    loss-surface output { font-variant-numeric: tabular-nums; }
  </style>
  <svg viewBox="${[...LOW, ...SPAN].join(" ")}" role="group"></svg>
  <div class="controls">
    <div><label>Learning rate <output></output></label>
      <input type="range" min="0.001" max="0.16" step="0.001" value="0.07"></div>
    <div><label>Momentum <output></output></label>
      <input type="range" min="0" max="0.95" step="0.05" value="0"></div>
  </div>
  <p class="read-out" role="status"></p>`;

customElements.define("loss-surface", class extends HTMLElement {
  connectedCallback() {
    this.start = [-9, 2];
    this.innerHTML = TEMPLATE;
    this.svg = this.querySelector("svg");
    this.svg.setAttribute("aria-label", this.dataset.alt ?? "");
    this.inputs = [...this.querySelectorAll("input")];
    this.labelControls();
    for (const level of [1, 5, 15, 40, 90, 160]) {
      const [rx, ry] = CURVATURE.map((c) => Math.sqrt((2 * level) / c));
      draw("ellipse", { class: "level", rx, ry }, this.svg);
    }
    this.line = draw("polyline", { class: "path" }, this.svg);
    this.dots = draw("g", { class: "dot" }, this.svg);
    this.handle = draw("circle", {
      class: "start", r: 0.3, tabindex: 0, role: "img",
    }, this.svg);
    this.listen();
    this.update();
  }

  labelControls() {
    this.inputs.forEach((input, number) => {
      input.id = `loss-surface-${number}`;
      input.parentElement.querySelector("label").htmlFor = input.id;
      input.addEventListener("input", () => this.update());
    });
  }

  listen() {
    this.handle.addEventListener("pointerdown", (event) => {
      this.handle.setPointerCapture(event.pointerId);
    });
    this.handle.addEventListener("pointermove", (event) => {
      if (!this.handle.hasPointerCapture(event.pointerId)) return;
      const box = this.svg.getBoundingClientRect();
      this.move([
        LOW[0] + ((event.clientX - box.left) / box.width) * SPAN[0],
        HIGH[1] - ((event.clientY - box.top) / box.height) * SPAN[1],
      ]);
    });
    const keys = {
      ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2],
    };
    this.handle.addEventListener("keydown", (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      this.move(this.start.map((value, i) => value + keys[event.key][i]));
    });
  }

  move(point) {
    this.start = point.map((p, i) => Math.max(LOW[i], Math.min(HIGH[i], p)));
    this.update();
  }

  update() {
    const [rate, momentum] = this.inputs.map((input) => Number(input.value));
    this.inputs.forEach((input) => {
      input.parentElement.querySelector("output").textContent = Number(input.value).toFixed(3);
    });
    const path = descend(this.start, rate, momentum);
    // What is far outside would only make the numbers long.
    const near = (v) => Math.max(-99, Math.min(99, v)).toFixed(3);
    const shown = path.map((point) => onScreen(point).map(near));
    this.line.setAttribute("points", shown.map((p) => p.join()).join(" "));
    this.dots.replaceChildren();
    for (const [cx, cy] of shown.slice(1)) draw("circle", { cx, cy, r: 0.11 }, this.dots);
    this.handle.setAttribute("cx", shown[0][0]);
    this.handle.setAttribute("cy", shown[0][1]);
    const where = this.start.map((v) => v.toFixed(1)).join(", ");
    this.handle.setAttribute("aria-label", `Start at ${where}; arrow keys move it`);
    const [first, last] = [path[0], path.at(-1)].map(loss);
    const found = last > first ? "it diverges" : `${last.toPrecision(2)} after ${path.length - 1} steps`;
    this.querySelector(".read-out").textContent = `Loss: ${first.toFixed(2)} at the start, ${found}.`;
  }
});
