// Runs notebooks in Pyodide, as the site's worker does, and says what came out of them.
// Takes a job on standard input, writes one line of JSON for each notebook.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const job = JSON.parse(readFileSync(0, "utf8"));
const { loadPyodide } = await import(pathToFileURL(`${job.pyodide}/pyodide.mjs`));
const quiet = { messageCallback: () => {}, errorCallback: () => {} };
const started = performance.now();
const python = await loadPyodide({ indexURL: `${job.pyodide}/`, env: job.env });

for (const [place, folder] of Object.entries(job.mounts)) {
  python.mountNodeFS(place, folder);
}
await python.loadPackage(job.packages, quiet);
for (const wheel of job.wheels) {
  python.unpackArchive(readFileSync(wheel), "wheel");
}
python.FS.writeFile("/home/pyodide/course_kernel.py", readFileSync(job.kernel));
python.runPython(`import sys; sys.path[:0] = ${JSON.stringify(job.path)}`);
python.runPython(readFileSync(job.prelude, "utf8"));
say({ ready: seconds(started) });

for (const notebook of job.notebooks) {
  const began = performance.now();
  const kernel = python.globals.get("fresh_kernel")();
  const cells = [];
  for (const { id, source } of notebook.cells) {
    const outputs = python.globals.get("collected");
    outputs.clear();
    const at = performance.now();
    const ok = await kernel.execute(source, id);
    const found = JSON.parse(python.globals.get("taken")());
    cells.push({ id, ok, outputs: found, seconds: seconds(at) });
    outputs.destroy();
  }
  kernel.destroy();
  say({ name: notebook.name, cells, seconds: seconds(began), megabytes: memory() });
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function seconds(since) {
  return Math.round(performance.now() - since) / 1000;
}

function memory() {
  return Math.round(python._module.HEAPU8.length / 2 ** 20);
}
