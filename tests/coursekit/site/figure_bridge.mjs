// Calls what the figures' modules export: one JSON request a line in, one answer a line
// out. Run by figure_bridge.py as `node figure_bridge.mjs <folder of the figures>`.
// JSON has no NaN, infinity or undefined: they travel as {"$": "NaN"} and so on.
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);

const revive = (_key, value) => (typeof value?.$ === "string" ? Number(value.$) : value);

function sendable(_key, value) {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (value === undefined) return { $: "undefined" };
  const strange = typeof value === "number" && !Number.isFinite(value);
  return strange ? { $: String(value) } : value;
}

const has = (module, path) =>
  path.split(".").reduce((at, key) => at?.[key], module) !== undefined;

// "figure.model" of {figure: {model}}; functions are called, data are given back.
function reach(module, path) {
  return path.split(".").reduce(([, at], key) => {
    if (at === undefined || at === null || !(key in at)) throw new Error(`nothing at ${path}`);
    return [at, at[key]];
  }, [null, module]);
}

// What a figure draws and says for a state, without sending its result here and back.
function drawn({ figure }, state) {
  const result = figure.model(state);
  return { picture: figure.picture(state, result), says: figure.says(state, result) };
}

async function answer({ module, path, args }) {
  try {
    const found = await import(pathToFileURL(join(folder, `${module}.js`)));
    if (path === "has") return { value: has(found, ...args) };
    if (path === "drawn") return { value: drawn(found, ...args) };
    const [owner, value] = reach(found, path);
    return { value: typeof value === "function" ? value.apply(owner, args) : value };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.stringify(await answer(JSON.parse(line, revive)), sendable);
  process.stdout.write(`${said}\n`);
}
