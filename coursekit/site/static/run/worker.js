/* Python in a worker of its own: loads Pyodide and what a cell imports, runs cells.

   In:  {type: "start", source}           fetch what every cell needs, and this one's
        {type: "run", id, cell, source}
   Out: {type: "progress", text}          what is being fetched, in words
        {type: "ready"}                   Python is there
        {type: "output", id, kind, payload}   as kernel.py says
        {type: "done", id, ok, seconds}
        {type: "failed", id, text}        one sentence; the worker is of no more use

   Nothing here knows a page. Addresses are relative to this file, which stands in
   `_static/run/` of the site; the runtime stands in `_run/`. */

const HERE = new URL("./", import.meta.url);
const RUN = new URL("../../_run/", import.meta.url);
const PYODIDE = new URL("pyodide/", RUN);
const SHIM = [
  "course_display.py", "course_backend.py", "IPython/__init__.py", "IPython/display.py",
  "IPython/core/__init__.py", "IPython/core/display.py", "IPython/core/getipython.py",
  "matplotlib_inline/__init__.py", "matplotlib_inline/backend_inline.py",
];
const NAMES = {
  "pyodide.asm.wasm": "Python", "python_stdlib.zip": "Python", numpy: "NumPy",
  pandas: "pandas", scipy: "SciPy", matplotlib: "matplotlib",
  scikit_learn: "scikit-learn", ml_engineer_course: "the course's library",
};
const NO_NETWORK = "The network was lost while fetching what the code needs. What has " +
  "arrived is kept: press Run to try again.";
const NOT_HERE = "This copy of the book came without the files that run code: open its " +
  "notebook in Colab or on your machine.";

// Bytes that are on their way: the page shows them in words, not too often.
const arriving = new Map();
let told = 0;
let broken = false; // one of them did not come to its end

function report(force = false) {
  const now = performance.now();
  if (!force && now - told < 150) return;
  told = now;
  let got = 0, total = 0;
  const names = new Set();
  for (const one of arriving.values()) {
    got += one.got;
    total += Math.max(one.size, one.got);
    if (one.got < one.size) names.add(one.name);
  }
  if (!names.size) return;
  const whole = Math.ceil(total / 1e6);
  const which = [...names].slice(0, 3).join(", ");
  postMessage({ type: "progress", text: `Fetching ${which}: ${Math.floor(got / 1e6)} of ${whole} MB` });
}

function nameOf(address) {
  const file = address.pathname.split("/").pop();
  return NAMES[file] ?? NAMES[file.split("-")[0]] ?? file.split("-")[0];
}

// Fetches of the same file share one request; the bytes of each are counted.
const plainFetch = self.fetch.bind(self);
const started = new Map();

async function counted(address) {
  const reply = await plainFetch(address);
  if (!reply.ok) throw new TypeError(`${reply.status} for ${address}`);
  const one = { name: nameOf(address), got: 0, size: Number(reply.headers.get("content-length")) };
  arriving.set(address.href, one);
  const count = new TransformStream({
    transform(piece, out) {
      one.got += piece.byteLength;
      report();
      out.enqueue(piece);
    },
    flush() { one.size = one.got; },
  });
  reply.body.pipeTo(count.writable).catch(() => { broken = true; });
  return new Response(count.readable, { headers: reply.headers });
}

function begin(address) {
  if (!started.has(address.href)) {
    const made = counted(address);
    made.catch(() => { broken = true; }); // whoever asks for it next hears of it
    started.set(address.href, made);
  }
}

self.fetch = (resource, options) => {
  const address = new URL(resource.url ?? resource, HERE);
  if (!address.href.startsWith(RUN.href)) return plainFetch(resource, options);
  begin(address);
  const made = started.get(address.href);
  started.delete(address.href);
  return made;
};

const text = async (address) => {
  const reply = await plainFetch(address);
  if (!reply.ok) throw new TypeError(`${reply.status} for ${address}`);
  return reply.text();
};
const json = async (address) => JSON.parse(await text(address));

// What a cell needs: packages of Pyodide by the names under which it loads them.
let manifest = null;
let lock = null;
let owner = null; // package by the name that is imported

function know(givenManifest, givenLock) {
  manifest = givenManifest;
  lock = givenLock;
  owner = new Map();
  for (const [name, facts] of Object.entries(lock.packages)) {
    for (const module of facts.imports ?? []) owner.set(module, name);
  }
}

function packagesFor(names) {
  const found = new Set();
  let ours = false;
  for (const name of names) {
    const top = name.split(".")[0];
    if (owner.has(top)) found.add(owner.get(top));
    const known = manifest.imports[name];
    if (known) known.forEach((one) => found.add(one));
    if (known || top in manifest.imports) ours = true;
  }
  return { packages: [...found], ours };
}

function withDependencies(packages) {
  const all = new Set();
  const visit = (name) => {
    if (all.has(name) || !lock.packages[name]) return;
    all.add(name);
    lock.packages[name].depends.forEach(visit);
  };
  packages.forEach(visit);
  return [...all];
}

// A look at a cell before Python can read it, so that its packages are on their way.
function guessed(source) {
  const names = new Set();
  for (const found of source.matchAll(/^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([^\n)#]*)|import[ \t]+([^\n#]+))/gm)) {
    if (found[1]) {
      names.add(found[1]);
      for (const part of found[2].split(",")) names.add(`${found[1]}.${part.trim().split(" ")[0]}`);
    } else {
      for (const part of found[3].split(",")) names.add(part.trim().split(" ")[0]);
    }
  }
  if (names.has("coursekit.pages") && source.includes("pages.style")) names.add("coursekit.pages.style");
  return [...names];
}

function fetchAhead(source) {
  const { packages, ours } = packagesFor(guessed(source));
  for (const name of withDependencies(packages)) begin(new URL(lock.packages[name].file_name, PYODIDE));
  if (ours) manifest.wheels.forEach((wheel) => begin(new URL(wheel, RUN)));
}

// Python itself
let pyodide = null;
let kernel = null;
let oursLoaded = false;
let running = null;
let starting = null;

async function start(source) {
  // First, alone: it says of which release the rest has to be.
  const found = await json(new URL("manifest.json", RUN));
  for (const name of ["pyodide.asm.wasm", "python_stdlib.zip"]) begin(new URL(name, PYODIDE));
  const files = ["kernel.py", ...SHIM.map((name) => `shim/${name}`)];
  const sources = Promise.all(files.map((name) => text(new URL(name, HERE))));
  sources.catch(() => {});
  const script = import(new URL("pyodide.mjs", PYODIDE).href);
  script.catch(() => {});
  know(found, await json(new URL("pyodide-lock.json", PYODIDE)));
  fetchAhead(source);
  const { loadPyodide } = await script;
  pyodide = await loadPyodide({ indexURL: PYODIDE.href, lockFileContents: lock, packageBaseUrl: PYODIDE.href, checkIntegrity: false });
  postMessage({ type: "progress", text: "Starting Python" });
  placeFiles(files, await sources);
  const write = (name) => ({ batched: (line) => kernel?.wrote(`${line}\n`, name) });
  pyodide.setStdout(write("stdout"));
  pyodide.setStderr(write("stderr"));
  kernel = makeKernel();
  postMessage({ type: "ready" });
}

function placeFiles(names, sources) {
  const { FS } = pyodide;
  names.forEach((name, index) => {
    const path = name === "kernel.py" ? "/course/course_kernel.py" : `/course/${name}`;
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, sources[index]);
  });
}

function makeKernel() {
  self.courseEmit = (kind, payload) =>
    postMessage({ type: "output", id: running, kind, payload: JSON.parse(payload) });
  self.courseDatasets = new URL(manifest.datasets ?? "datasets/", RUN).href;
  return pyodide.runPython(`
import json, os, sys
from js import courseDatasets, courseEmit
sys.path[:0] = ["/course", "/course/shim"]
os.environ["COURSE_DATASETS"] = courseDatasets
os.environ["COURSE_CACHE"] = "/course/cache"
import course_kernel
course_kernel.Kernel(lambda kind, payload: courseEmit(kind, json.dumps(payload)))
`);
}

// Pyodide notes a package under its proper name, such as Pillow.
const isLoaded = (name) => name in pyodide.loadedPackages || lock.packages[name].name in pyodide.loadedPackages;

async function load(source) {
  const names = kernel.needs(source).toJs();
  const { packages, ours } = packagesFor(names);
  const missing = withDependencies(packages).filter((name) => !isLoaded(name));
  if (missing.length) {
    for (const name of missing) begin(new URL(lock.packages[name].file_name, PYODIDE));
    const quiet = () => {};
    await pyodide.loadPackage(missing, { messageCallback: quiet, errorCallback: quiet, checkIntegrity: false });
    const lost = missing.filter((name) => !isLoaded(name));
    if (lost.length) throw new TypeError(`not loaded: ${lost}`);
  }
  if (ours && !oursLoaded) await loadOurs();
}

async function loadOurs() {
  for (const wheel of manifest.wheels) {
    const reply = await self.fetch(new URL(wheel, RUN));
    pyodide.unpackArchive(await reply.arrayBuffer(), "wheel");
  }
  oursLoaded = true;
}

async function run({ id, cell, source }) {
  try {
    await starting;
    await load(source);
    arriving.clear();
    postMessage({ type: "progress", text: "" });
  } catch (error) {
    console.warn(error);
    return postMessage({ type: "failed", id, text: whyNotLoaded(error) });
  }
  running = id;
  const begun = performance.now();
  try {
    const ok = await kernel.execute(source, cell);
    postMessage({ type: "done", id, ok, seconds: (performance.now() - begun) / 1000 });
  } catch (error) {
    postMessage({ type: "failed", id, text: whyBroken(error) });
  }
}

function whyNotLoaded(error) {
  if (/^404 /.test(error.message) && !manifest) return NOT_HERE;
  if (broken || error instanceof TypeError || error.name === "NetworkError") return NO_NETWORK;
  if (/memory/i.test(error.message)) return whyBroken(error);
  return `Python did not start here (${String(error.message ?? error).split("\n")[0]}). Press Run to try again.`;
}

function whyBroken(error) {
  if (/memory|allocation/i.test(String(error))) {
    return "The code needed more memory than the browser gives a page, and Python ended: try it with less data.";
  }
  return "The page's Python broke down while the cell ran, and its variables are gone: press Run to start it again.";
}

self.onmessage = ({ data }) => {
  if (data.type === "start") {
    starting = start(data.source);
    starting.catch(() => {}); // the first cell that waits for it hears of it
  } else if (data.type === "run") run(data);
};
