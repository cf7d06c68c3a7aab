/* Keeps what was fetched, so that a page that ran once runs without a network.

   It stands at the site's root as `sw.js` and is registered at the first press of Run.
   The runtime is taken from what was kept, as long as it is of the release that the
   site's manifest names; everything else comes from the network while there is one. */

const ROOT = new URL("./", self.location);
const RUNTIME = `course-runtime ${ROOT.pathname}`;
const SEEN = `course-seen ${ROOT.pathname}`;
const PATIENCE = 5000; // on a train a network may be there and not answer

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || !address.href.startsWith(ROOT.href)) return;
  const path = address.pathname.slice(ROOT.pathname.length);
  const fixed = /^_run\/(pyodide|wheels)\//.test(path) && !path.endsWith("pyodide-lock.json");
  event.respondWith(fixed ? kept(request, event) : fresh(request, path, event));
});

async function kept(request, event) {
  const cache = await caches.open(RUNTIME);
  const found = await cache.match(request.url);
  if (found) return found;
  const reply = await fetch(request);
  if (reply.ok) event.waitUntil(keep(cache, request.url, reply.clone()));
  return reply;
}

async function fresh(request, path, event) {
  const cache = await caches.open(SEEN);
  const coming = fetch(request).then(async (reply) => {
    if (!reply.ok) return reply;
    if (path === "_run/manifest.json") await forgetOld(cache, request.url, reply.clone());
    event.waitUntil(keep(cache, request.url, reply.clone()));
    return reply;
  });
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  try {
    return await Promise.race([coming, late]) ?? await cache.match(request.url) ?? await coming;
  } catch (error) {
    const found = await cache.match(request.url);
    if (found) return found;
    throw error;
  }
}

/* A full disc is no reason to fail: the page has what it asked for. */
async function keep(cache, address, reply) {
  try {
    await cache.put(address, reply);
  } catch {}
}

/* Another manifest is another runtime: nothing of the old one may be mixed with it. */
async function forgetOld(cache, address, reply) {
  const before = await (await cache.match(address))?.text();
  if (before !== undefined && before !== await reply.text()) await caches.delete(RUNTIME);
}
