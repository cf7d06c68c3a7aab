// What an exercise asks of the page's Python: one session, as on every other page.

import { element, nameScrollers, Outputs } from "../run/outputs.js";
import { Session } from "../run/session.js";
import { RESULT } from "./logic.js";

// Tells `fresh` when what ran is forgotten, and `progress` while something is fetched.
export class Python extends EventTarget {
  #session = new Session();

  constructor() {
    super();
    this.#session.addEventListener("change", () => {
      if (this.#session.state === "asleep") this.dispatchEvent(new Event("fresh"));
    });
    this.#session.addEventListener("progress", ({ detail }) => {
      this.dispatchEvent(new CustomEvent("progress", { detail }));
    });
  }

  stop() {
    this.#session.stop();
  }

  // Run a cell and show what comes of it. Results of checks go to `tell` instead, and
  // what is printed to `printed` where `quiet` is asked for.
  async run(label, source, place, { tell = () => {}, quiet = false } = {}) {
    const outputs = new Outputs("");
    const end = { printed: "", error: null };
    const hear = (kind, payload) => {
      const result = payload.data?.[RESULT];
      if (result) return tell(JSON.parse(result));
      if (kind === "error") end.error = payload;
      if (kind === "stream" && quiet) end.printed += payload.text;
      else outputs.hear(kind, payload);
      if (place && !outputs.node.isConnected) place.replaceChildren(outputs.node);
    };
    const { how, text } = await this.#session.run(label, source, hear);
    if (place) nameScrollers(place);
    return { ...end, ok: how === "done", ended: how === "stopped" || how === "failed" ? text : "" };
  }
}

export function print(place, text) {
  if (text) place.prepend(element("pre", { class: "ck-out", text }));
}
