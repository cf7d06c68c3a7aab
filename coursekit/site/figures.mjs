// Draws the first state of figures: one JSON object a line in, one a line out. Run by
// figures.py as `node figures.mjs <folder of the figures>`.
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = (name) => import(pathToFileURL(join(folder, `${name}.js`)));
const { handle, initial, place, shown } = await load("kit");

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => entities[sign]);

function slider(control, value, id) {
  const { name, label, min, max, step } = control;
  const text = escaped(shown(control, value));
  return `<div class="ck-slider"><label for="${id}">${escaped(label)}</label>
<span class="ck-read" data-name="${name}" aria-hidden="true">${text}</span>
<input type="range" id="${id}" data-name="${name}" min="${min}" max="${max}" step="${step}" value="${value}" aria-valuetext="${text}" autocomplete="off"></div>`;
}

function tick({ name, label }, value, id) {
  return `<label class="ck-figure-tick"><input type="checkbox" id="${id}" data-name="${name}"${value ? " checked" : ""} autocomplete="off"> ${escaped(label)}</label>`;
}

function choice({ name, label, options }, value, id) {
  const radios = options.map(([option, text]) => {
    const checked = option === value ? " checked" : "";
    return `<label class="ck-figure-tick"><input type="radio" name="${id}" data-name="${name}" value="${escaped(option)}"${checked} autocomplete="off"> ${escaped(text)}</label>`;
  });
  return `<fieldset class="ck-choice"><legend>${escaped(label)}</legend>${radios.join("\n")}</fieldset>`;
}

function control(item, state, key) {
  const make = item.options ? choice : typeof item.value === "boolean" ? tick : slider;
  return make(item, state[item.name], `${key}-${item.name}`);
}

function target(figure, point, value) {
  const { left, top, now, text } = handle(figure, point, value);
  const [low, high] = point.range[0];
  return `<span class="ck-handle ck-live" role="slider" tabindex="0" data-name="${point.name}" style="left:${left};top:${top}" aria-roledescription="movable point" aria-label="${escaped(point.label)}" aria-valuemin="${low}" aria-valuemax="${high}" aria-valuenow="${now}" aria-valuetext="${escaped(text)}"></span>`;
}

const button = (action, text) =>
  `<button type="button" class="ck-button ck-quiet" data-do="${action}">${text}</button>`;

function buttons(figure, state) {
  const reset = button("reset", "Reset");
  if (!figure.steps) return reset;
  const steps = [button("back", "Back"), button("next", "Next"), button("play", "Play")];
  return `${steps.join("\n")}\n${reset}\n<span class="ck-place">${place(figure, state)}</span>`;
}

// What `:set:` names must be there, and usable: an attribute is never checked by a reader.
function fault(figure, given) {
  const { controls = [], points = [], steps } = figure;
  const names = [...controls, ...points].map(({ name }) => name);
  if (steps) names.push("step");
  const stranger = Object.keys(given).find((name) => !names.includes(name));
  return stranger && `it has no ${stranger}; it has ${names.join(", ")}.`;
}

function markup(figure, given, alt, key) {
  const { controls = [], points = [], size: [width, height] } = figure;
  const state = initial(figure, given);
  const result = figure.model(state);
  return `<div class="ck-drawing"><svg viewBox="0 0 ${width} ${height}" style="--ck-width:${width}" role="img" aria-label="${escaped(alt)}" aria-describedby="${key}-text"><g>${figure.picture(state, result)}</g></svg>
${points.map((point) => target(figure, point, state[point.name])).join("\n")}</div>
<p class="ck-figure-says">${escaped(figure.says(state, result))}</p>
<p class="ck-settled" role="status"></p>
<div class="ck-controls ck-live">
${controls.map((item) => control(item, state, key)).join("\n")}
<div class="ck-figure-steps">${buttons(figure, state)}</div></div>`;
}

async function answer({ name, given, alt, key }) {
  const { figure } = await load(name);
  const error = figure.name === name ? fault(figure, given) : `its file is for ${figure.name}.`;
  if (error) return { error };
  return { title: figure.title, html: markup(figure, given, alt, key) };
}

for await (const question of createInterface({ input: process.stdin })) {
  const said = await answer(JSON.parse(question)).catch((error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
