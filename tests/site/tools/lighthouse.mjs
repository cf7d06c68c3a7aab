// Lighthouse, mobile profile, for the addresses given: one line of JSON for each.
//   node lighthouse.mjs FOLDER-OF-THE-TOOLS BROWSER PROFILE ADDRESS...
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [tools, browser, profile, ...addresses] = process.argv.slice(2);
const { resolve } = createRequire(join(tools, "package.json"));
const load = (name) => import(pathToFileURL(resolve(name)));
const { default: lighthouse } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

const chrome = await launch({
  chromePath: browser,
  userDataDir: profile,
  logLevel: "silent",
  chromeFlags: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

function summary(report) {
  const scores = Object.fromEntries(
    Object.entries(report.categories).map(([name, { score }]) => [name, score * 100]),
  );
  // What costs points in a category whose audits all count, by name.
  const wanting = Object.values(report.audits)
    .filter(({ score, scoreDisplayMode }) => score === 0 && scoreDisplayMode === "binary")
    .map(({ id }) => id);
  return { scores, wanting };
}

try {
  for (const address of addresses) {
    const options = { port: chrome.port, output: "json", logLevel: "silent" };
    const { lhr } = await lighthouse(address, options);
    if (lhr.runtimeError) throw new Error(`${address}: ${lhr.runtimeError.message}`);
    console.log(JSON.stringify({ address, ...summary(lhr) }));
  }
} finally {
  chrome.kill();
}
