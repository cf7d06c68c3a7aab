// Compiles modules with Pyodide's own Python: one JSON object a line in, one a line out.
// Run by compiled.py as `node compile.mjs <Pyodide's folder> <its lock> <bytecode.py>`.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// Node would show the line of the runtime that failed, and it has a million letters.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${String(error?.message ?? error).split("\n")[0]}\n`);
  process.exit(1);
});

const [folder, lock, code] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")));
const python = await loadPyodide({
  indexURL: folder,
  lockFileContents: JSON.parse(lock),
  // Columns of statements are a quarter of the bytes, and where there is no source
  // nothing could be underlined.
  env: { HOME: "/home/pyodide", PYTHONNODEBUGRANGES: "1" },
});
python.runPython(readFileSync(code, "utf8"));
const compileArchive = python.globals.get("compile_archive");

for await (const line of createInterface({ input: process.stdin })) {
  const { archive, target, root } = JSON.parse(line);
  let answer;
  try {
    python.FS.writeFile("/tmp/archive", readFileSync(archive));
    answer = { modules: compileArchive("/tmp/archive", "/tmp/code", root) };
    writeFileSync(target, python.FS.readFile("/tmp/code"));
  } catch (error) {
    answer = { error: String(error.message).trim().split("\n").pop() };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
