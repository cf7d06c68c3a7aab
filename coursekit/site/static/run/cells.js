/* The bars of a page's cells: Run, Edit, Stop, Reset, and what the reader's runs show.

   Nothing is fetched before the first press of Run. Edits are kept in the reader's
   store; the page works without one. */

import { makeEditor } from "./editor.js";
import { element, nameScrollers, Outputs } from "./outputs.js";
import { Session } from "./session.js";

const session = new Session();
const page = document.body.dataset.page ?? "";
const cells = [];
let runs = 0; // numbers the finished runs of this page, as a notebook does

// One place for what is announced: thirty would talk over each other.
const said = element("p", { class: "ck-heard", role: "status" });
document.body.append(said);
const announce = (text) => { said.textContent = text; };

/* Tells whether a text is still the one that was edited. */
export function digest(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

// Edits in the store; where that cannot be had, they live as long as the page.
const storeOf = () => globalThis.course?.store;
const editOf = (id) => storeOf()?.read().edits?.[page]?.[id];

function keepEdit(id, edit) {
  return storeOf()?.update((all) => {
    const mine = ((all.edits ??= {})[page] ??= {});
    if (edit) mine[id] = edit;
    else delete mine[id];
    if (!Object.keys(mine).length) delete all.edits[page];
  });
}

class Cell {
  #editor = null;
  #shown = null;
  #undo = null;
  #ran = null; // what was run last, in which Python

  constructor(node, index) {
    Object.assign(this, { node, index, id: node.dataset.cell, label: node.dataset.label });
    this.bar = node.querySelector(".ck-bar");
    this.note = node.querySelector(".ck-note");
    this.input = node.querySelector(".cell_input");
    this.pre = this.input.querySelector("pre");
    this.original = this.pre.textContent.replace(/\n$/, "");
    this.text = this.original;
    this.busy = false;
    this.bar.addEventListener("click", (event) => this.#press(event));
    this.#recall();
  }

  button(act) {
    return this.bar.querySelector(`[data-act="${act}"]`);
  }

  get edited() {
    return this.text !== this.original;
  }

  /* Whether its last run stands in the Python of now, with the text of now. */
  get ran() {
    return this.#ran?.began === session.began && session.state !== "asleep"
      && this.#ran.text === this.text && this.#ran.ended;
  }

  get everRan() {
    return this.#ran !== null;
  }

  #press(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    const acts = {
      run: () => this.run(), stop, edit: () => this.toggleEditor(), copy: () => this.copy(),
      above: () => runAbove(this, true), reset: () => this.reset(),
    };
    if (!act) return;
    this.bar.querySelector(".ck-more").open = false;
    acts[act]();
  }

  state(name, text) {
    this.node.dataset.state = name;
    this.bar.querySelector(".ck-state").textContent = text;
  }

  /* Say something below the bar, with buttons that answer it. */
  say(text, buttons = {}) {
    this.note.replaceChildren();
    this.note.hidden = !text;
    if (text) this.note.append(element("span", { text }));
    for (const [words, act] of Object.entries(buttons)) {
      const button = element("button", { type: "button", text: words });
      button.addEventListener("click", act);
      this.note.append(button);
    }
    if (text) announce(text);
  }

  async run() {
    if (this.busy) return "busy";
    const { text } = this;
    this.busy = true;
    this.say("");
    this.#running(true);
    this.state("waiting", session.waiting || session.state === "running" ? "waiting" : "starting");
    const outputs = new Outputs(this.edited ? "" : this.node.dataset.alt);
    const hear = (kind, payload) => this.#hear(outputs, kind, payload);
    const end = await session.run(this.label, text, hear);
    this.busy = false;
    this.#running(false);
    this.#ended(end, outputs, text);
    return end.how;
  }

  #running(on) {
    const focused = this.bar.contains(document.activeElement);
    this.button("run").hidden = on;
    this.button("stop").hidden = !on;
    if (focused) this.button(on ? "stop" : "run").focus();
  }

  #hear(outputs, kind, payload) {
    if (kind === "error") this.#explain(payload);
    outputs.hear(kind, payload);
    this.#show(outputs);
  }

  #show(outputs) {
    if (this.#shown !== outputs) {
      const whole = this.#yours();
      whole.style.minHeight = `${Math.min(whole.offsetHeight, 800)}px`; // the page stays
      whole.querySelector(".ck-outputs")?.remove();
      whole.append(outputs.node);
      this.#shown = outputs;
    }
  }

  /* The reader's outputs stand where the book's did. */
  #yours() {
    let mine = this.node.querySelector(".ck-my-run");
    if (!mine) {
      const books = this.node.querySelector(".cell_output");
      mine = element("div", { class: "ck-my-run" }, element("p", { class: "ck-whose", text: "Your run" }));
      if (books) {
        mine.style.minHeight = `${books.offsetHeight}px`;
        books.hidden = true;
        books.after(mine);
      } else this.bar.parentElement.append(mine);
    }
    return mine;
  }

  #ended(end, outputs, text) {
    const mine = this.node.querySelector(".ck-my-run");
    if (end.how === "done" || end.how === "error") {
      if (outputs.empty && (mine || this.edited)) this.#show(outputs);
      runs += 1;
      this.#ran = { began: end.began, text, ended: true };
      this.#finished(end);
    } else {
      this.#ran = null;
      this.state("idle", "not run");
      if (end.ran) this.say(end.how === "stopped" ? STOPPED : end.text, this.#again(end));
    }
    const now = this.node.querySelector(".ck-my-run");
    if (now) {
      now.style.minHeight = "";
      nameScrollers(now);
      const nothing = outputs.empty && this.#shown === outputs;
      now.querySelector(".ck-whose").textContent = nothing ? "Your run: nothing to show" : "Your run";
    }
  }

  #finished({ how, seconds }) {
    if (how === "error") {
      const meant = this.node.dataset.raises && !this.edited;
      this.state("error", meant ? `error, as meant (${runs})` : `error (${runs})`);
      return;
    }
    const took = seconds >= 1 ? `, ${seconds.toFixed(1)} s` : "";
    this.state("done", `done (${runs})${took}`);
    announce(`${capital(this.label)} done`);
    if (this.edited) this.offerReset();
  }

  #again(end) {
    const again = { "Run again": () => this.run() };
    const above = cells.slice(0, this.index);
    if (end.how !== "stopped" || !above.length) return again;
    return { "Run the cells above again": () => runAbove(this, false), ...again };
  }

  /* A name may come from a cell above that this Python has not run. */
  #explain({ name, message, missing }) {
    announce(`${capital(this.label)}: ${name}: ${message}`);
    if (name !== "NameError" || !missing) return;
    const word = new RegExp(`(^|[^\\w.])${missing}\\b`, "m");
    const from = cells.slice(0, this.index).findLast((cell) => !cell.ran && word.test(cell.text));
    if (!from) return;
    queueMicrotask(() => this.say(`${missing} comes from ${from.label}, which has not been run.`, {
      "Run all above": () => runAbove(this, true),
    }));
  }

  // Editing

  toggleEditor() {
    if (this.#editor) return this.#closeEditor();
    const details = this.input.closest("details");
    if (details) details.open = true;
    this.#openEditor();
    this.#editor.focus();
    this.#editor.setSelectionRange(0, 0);
  }

  #openEditor() {
    this.#editor = makeEditor({
      text: this.text,
      label: `Code of ${this.label}`,
      run: () => this.run(),
      changed: (text) => this.#changed(text),
    });
    this.pre.hidden = true;
    this.pre.after(this.#editor);
    this.button("edit").textContent = "Close";
    this.button("edit").setAttribute("aria-label", `Close the editor of ${this.label}`);
  }

  #closeEditor() {
    this.#editor.remove();
    this.#editor = null;
    this.pre.hidden = false;
    this.button("edit").textContent = "Edit";
    this.button("edit").setAttribute("aria-label", `Edit ${this.label}`);
    this.#paint();
  }

  /* Show the text of now; the book's own keeps its colours. */
  #paint() {
    this.coloured ??= [...this.pre.childNodes];
    if (this.edited) this.pre.textContent = this.text;
    else this.pre.replaceChildren(...this.coloured);
    this.node.toggleAttribute("data-edited", this.edited);
  }

  #changed(text) {
    this.text = text;
    this.node.toggleAttribute("data-edited", this.edited);
    keepEdit(this.id, this.edited ? { of: digest(this.original), text } : null);
    if (this.everRan && !this.busy) this.#mark();
  }

  #mark() {
    if (this.#ran && this.#ran.text !== this.text) this.state("stale", "edited since");
    else if (this.ran) this.state("done", "done");
  }

  offerReset() {
    this.say("You have changed this cell.", { "Reset it": () => this.reset() });
  }

  #setText(text) {
    this.text = text;
    keepEdit(this.id, this.edited ? { of: digest(this.original), text } : null);
    if (this.#editor) this.#closeEditor();
    else this.#paint();
    if (this.everRan) this.#mark();
  }

  /* As in the book again, code and outputs; what was there can be had back once. */
  reset() {
    if (this.busy) return;
    const mine = this.node.querySelector(".ck-my-run");
    if (!this.edited && !mine) return this.say("This cell is as in the book.");
    this.#undo = { text: this.text, mine, state: this.node.dataset.state };
    mine?.remove();
    this.#shown = null;
    this.#booksOutput(true);
    this.#setText(this.original);
    this.say("This cell is as in the book again.", { Undo: () => this.#undoReset() });
  }

  #undoReset() {
    const { text, mine } = this.#undo;
    if (mine) {
      const books = this.node.querySelector(".cell_output");
      if (books) books.after(mine);
      else this.bar.parentElement.append(mine);
      this.#booksOutput(false);
    }
    this.#setText(text);
    this.say("");
    this.button("run").focus();
  }

  #booksOutput(on) {
    const books = this.node.querySelector(".cell_output");
    if (books) books.hidden = !on;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text);
      this.say("Copied.");
    } catch {
      this.say("The browser does not let the page copy: open the editor and select the text.");
    }
  }

  /* Take up an edit from an earlier visit. */
  #recall() {
    const edit = editOf(this.id);
    if (!edit || edit.text === this.original) return;
    const mine = { "Use my edit": () => { this.#setText(edit.text); this.say(""); } };
    if (edit.of !== digest(this.original)) {
      this.say("The book's cell has changed since you edited it. Your edit is kept.", {
        ...mine,
        "Keep the book's": () => { this.#setText(this.original); this.say(""); },
      });
      return;
    }
    this.#setText(edit.text);
    this.offerReset();
    announce("");
  }

  forget() {
    if (this.#ran && !this.busy) this.state("idle", "not run since Python ended");
  }
}

const STOPPED = "Stopped. Python was ended for it, and its variables are gone.";
const capital = (text) => text[0].toUpperCase() + text.slice(1);

function stop() {
  session.stop();
}

/* Run the cells above one, those that are not run as they stand; then it, if asked. */
async function runAbove(cell, thenIt) {
  cell.say("");
  for (const above of cells.slice(0, cell.index).filter((one) => !one.ran)) {
    const how = await above.run();
    if (how === "done" || (how === "error" && above.node.dataset.raises)) continue;
    if (how === "error") cell.say(`${capital(above.label)} ended with an error, so the cells after it were not run.`);
    return;
  }
  if (thenIt) await cell.run();
  else announce("The cells above have been run again.");
}

session.addEventListener("progress", ({ detail }) => {
  const busy = cells.find((cell) => cell.busy);
  if (busy) busy.state(detail ? "waiting" : "running", detail || "running");
});
session.addEventListener("change", () => {
  const { state } = session;
  if (state === "asleep") cells.forEach((cell) => cell.forget());
});

document.querySelectorAll(".ck-cell").forEach((node, index) => cells.push(new Cell(node, index)));
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".ck-more[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest?.(".ck-more[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
document.documentElement.dataset.cells = "ready";
