// Renders formulas: one JSON object a line in, one a line out. Run by maths.py as
// `node render.js <folder of katex.min.js>`.
const { createInterface } = require("node:readline");
const katex = require(`${process.argv[2]}/katex.min.js`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { latex, display } = JSON.parse(line);
  let answer;
  try {
    const options = { displayMode: display, throwOnError: true, strict: "error" };
    answer = { html: katex.renderToString(latex, options) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
