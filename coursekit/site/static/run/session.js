/* One Python for one page: cells in a queue, one worker, made at the first run.

   const session = new Session();
   session.addEventListener("change", ...)     // session.state has changed
   session.addEventListener("progress", ...)   // event.detail: words, "" when nothing
   const end = await session.run("cell 3", source, (kind, payload) => { ... });
   // end: {how: "done" | "error" | "stopped" | "failed", seconds, text, began}
   session.stop();                             // what ran is forgotten; the queue too

   `state` is "asleep" (nothing fetched, or stopped), "starting", "ready" or "running".
   `began` counts the Pythons of this page: where it has changed, variables are gone. */

/* Have what is fetched kept for when there is no network; without it all works online. */
async function keepForLater() {
  if (!navigator.serviceWorker || navigator.serviceWorker.controller) return;
  const controlled = new Promise((resolve) =>
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  const late = new Promise((resolve) => setTimeout(resolve, 1500));
  try {
    await navigator.serviceWorker.register(new URL("../../sw.js", import.meta.url));
    await Promise.race([controlled, late]);
  } catch {} // forbidden in private windows
}

export class Session extends EventTarget {
  #worker = null;
  #queue = [];
  #current = null;
  #numbers = 0;
  #state = "asleep";
  began = 0;

  get state() {
    return this.#state;
  }

  get waiting() {
    return this.#queue.length;
  }

  /* Run a cell after those that wait; outputs go to `hear(kind, payload)`. */
  run(cell, source, hear = () => {}) {
    return new Promise((resolve) => {
      this.#queue.push({ id: ++this.#numbers, cell, source, hear, resolve });
      this.#next();
    });
  }

  /* End Python, whatever it is doing. */
  stop() {
    this.#end({ how: "stopped", text: "Stopped." });
  }

  async #next() {
    if (this.#current || !this.#queue.length) return;
    const mine = this.#current = this.#queue.shift();
    const { id, cell, source } = mine;
    if (!this.#worker) {
      this.began += 1;
      this.#enter("starting");
      this.#tell("Starting Python");
      await keepForLater();
      if (this.#current !== mine) return; // stopped meanwhile
      this.#start(source);
    } else this.#enter("running");
    this.#worker.postMessage({ type: "run", id, cell, source });
  }

  #start(source) {
    const address = new URL("worker.js", import.meta.url);
    const worker = new Worker(address, { type: "module", name: "Python" });
    worker.addEventListener("message", ({ data }) => worker === this.#worker && this.#hear(data));
    worker.addEventListener("error", () => worker === this.#worker && this.#end({
      how: "failed",
      text: "The page's Python could not be started: load the page again, and if that " +
        "does not help use a newer browser or open the notebook in Colab.",
    }));
    this.#worker = worker;
    worker.postMessage({ type: "start", source });
  }

  #hear(message) {
    if (message.type === "progress") this.#tell(message.text);
    else if (message.type === "ready") this.#enter("running");
    else if (message.id !== this.#current?.id) return;
    else if (message.type === "output") this.#current.hear(message.kind, message.payload);
    else if (message.type === "done") this.#finish(message);
    else if (message.type === "failed") this.#end({ how: "failed", text: message.text });
  }

  #finish({ ok, seconds }) {
    const { resolve } = this.#current;
    this.#current = null;
    resolve({ how: ok ? "done" : "error", seconds, began: this.began });
    if (!this.#queue.length) this.#enter("ready");
    this.#next();
  }

  #end(end) {
    this.#worker?.terminate();
    this.#worker = null;
    const ended = [this.#current, ...this.#queue].filter(Boolean);
    this.#current = null;
    this.#queue = [];
    this.#tell("");
    this.#enter("asleep");
    ended.forEach(({ resolve }, index) =>
      resolve({ ...end, seconds: 0, began: this.began, ran: index === 0 }));
  }

  #enter(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new Event("change"));
  }

  #tell(text) {
    this.dispatchEvent(new CustomEvent("progress", { detail: text }));
  }
}
