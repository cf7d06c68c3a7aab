// Runs notebooks in the site's own Pyodide, as its worker does, and says what came out.
// The first line of standard input is the job, each line after it a notebook; for each
// one line of JSON is written.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const SITE = "http://site.invalid/"; // what the job's folder is called in Python
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const job = JSON.parse((await lines.next()).value);
const read = (name) => readFileSync(`${job.site}/${name}`);
const quiet = { messageCallback: () => {}, errorCallback: () => {} };

// Data are read by a synchronous request, which Node does not have.
globalThis.XMLHttpRequest = class {
  open(_method, address) {
    this.name = address.replace(SITE, "");
  }

  send() {
    const content = read(this.name);
    this.status = 200;
    this.response = content.buffer.slice(content.byteOffset, content.byteOffset + content.length);
  }
};

const begun = performance.now();
const folder = `${job.site}/_run/pyodide/`;
const { loadPyodide } = await import(pathToFileURL(`${folder}pyodide.mjs`));
const python = await loadPyodide({
  indexURL: folder,
  env: {
    HOME: "/home/pyodide",
    COURSE_DATASETS: `${SITE}_run/datasets/`,
    COURSE_CACHE: "/home/pyodide/cache",
  },
});
const manifest = JSON.parse(read("_run/manifest.json"));
await python.loadPackage(job.packages, quiet);
for (const wheel of manifest.wheels) python.unpackArchive(new Uint8Array(read(`_run/${wheel}`)), "wheel");
for (const [path, text] of Object.entries(job.files)) {
  python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  python.FS.writeFile(path, text);
}
python.runPython(`import sys; sys.path[:0] = ["/course", "/course/shim"]`);
python.runPython(job.prelude);
say({ seconds: seconds(begun) });

for await (const line of lines) {
  const notebook = JSON.parse(line);
  const at = performance.now();
  const kernel = python.globals.get("fresh_kernel")();
  const cells = [];
  for (const { id, source } of notebook.cells) {
    await kernel.execute(source, id);
    cells.push({ id, outputs: JSON.parse(python.globals.get("taken")()) });
  }
  kernel.destroy();
  const megabytes = Math.round(python._module.HEAPU8.length / 2 ** 20);
  say({ name: notebook.name, cells, seconds: seconds(at), megabytes });
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function seconds(since) {
  return Math.round(performance.now() - since) / 1000;
}
