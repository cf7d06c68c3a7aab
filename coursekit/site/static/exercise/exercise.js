// An exercise in its page: answers are kept as they are typed, checks run what they
// need and say what holds, hints are counted, and what passed goes to the store.

import { makeEditor } from "../run/editor.js";
import { before, digest, isOwn, label, lastLine, LISTEN, opened } from "./logic.js";
import { outcome, progress, rest, sentence, standing, worthSaying } from "./logic.js";
import { print, Python } from "./python.js";

const page = document.body.dataset.page;
const name = page.replace("exercises/", "");
const article = document.querySelector(".ck-article");
const python = new Python();
const cells = [...article.querySelectorAll("[data-cell]")].map(describe);
const answers = cells.filter((cell) => cell.role === "answer");
const checks = cells.filter((cell) => cell.role === "check");
const questions = [...new Set(answers.map((cell) => cell.question))];
const results = new Map(); // what each check said last in this session, by its cell
const ran = new Map(); // the source that each cell ran with in this session
let working = null; // the cell whose button was pressed

function describe(element, number) {
  const { cell: id, role = "given", question = "" } = element.dataset;
  const still = element.querySelector("pre").textContent.replace(/\n$/, "");
  const cell = { id, role, question, number: number + 1, element, source: () => still };
  if (role === "answer") edited(cell, still);
  return cell;
}

// The editor that every page has stands in the place of the one in the HTML.
function edited(cell, skeleton) {
  const editor = makeEditor({
    text: skeleton,
    label: `Your answer to ${cell.question}`,
    run: () => checkOf(cell)?.element.querySelector("[data-act='check']").click(),
    changed: () => keepAnswer(cell),
  });
  const place = cell.element.querySelector(".ck-editor");
  editor.id = place.id;
  editor.rows = place.rows;
  place.replaceWith(editor);
  Object.assign(cell, { editor, skeleton, source: () => editor.value });
}

const checkOf = (answer) => checks.find((one) => one.question === answer.question);
const placeOf = (cell) => cell.element.querySelector(".ck-printed");

// What is kept

function kept() {
  const all = course.store.read();
  return all.exercises[name] ?? { questions: {}, hints: {}, at: 0 };
}

function keep(change) {
  course.store.update((all) => {
    const own = all.exercises[name] ?? { questions: {}, hints: {}, at: 0 };
    change(own);
    all.exercises[name] = { ...own, at: Date.now() };
  });
}

function keepAnswer(cell) {
  const of = digest(cell.skeleton);
  const changed = cell.source() !== cell.skeleton;
  course.store.update((all) => {
    const edits = { ...all.edits[page] };
    delete edits[cell.id];
    if (changed) edits[cell.id] = { of, text: cell.source() };
    all.edits[page] = edits;
    if (Object.keys(edits).length === 0) delete all.edits[page];
  });
}

// What is shown

function showStanding() {
  const of = kept().questions;
  for (const item of article.querySelectorAll(".ck-standing li")) {
    const said = of[item.dataset.question] ?? "";
    item.dataset.state = said;
    say(item.querySelector("[data-standing]"), said);
  }
  say(article.querySelector(".ck-standing > p[data-standing]"), progress(questions, of));
  const all = questions.every((question) => of[question] === "passed");
  article.querySelector(".ck-end").classList.toggle("ck-reached", all);
}

// The page that follows in the book is known only around the text.
function showNext() {
  const next = document.querySelector(".ck-neighbours a[rel='next']");
  if (next) article.querySelector("[data-next]").append(next.cloneNode(true));
}

function showHints() {
  const { hints } = kept();
  for (const ladder of article.querySelectorAll(".ck-hints")) {
    const steps = [...ladder.querySelectorAll(".ck-hint")];
    const number = hints[ladder.dataset.question] ?? 0;
    steps.forEach((step, at) => step.classList.toggle("ck-reached", at < number));
    say(ladder.querySelector(".ck-opened"), opened(number, steps.length));
  }
}

function showAnswers() {
  const edits = course.store.read().edits[page] ?? {};
  for (const cell of answers) {
    cell.editor.value = edits[cell.id]?.text ?? cell.skeleton;
    const lines = cell.editor.value.split("\n").length;
    cell.editor.rows = Math.max(cell.editor.rows, lines);
  }
}

function showOutcome(check, head, said = []) {
  const place = check.element.querySelector(".ck-outcome");
  const list = make("ul");
  list.append(...worthSaying(said).map(item));
  place.dataset.state = said.length > 0 ? outcome(said) : "";
  place.replaceChildren(make("p", head), ...(said.length > 0 ? [list] : []));
}

function item(result) {
  const made = make("li");
  made.dataset.state = result.outcome;
  made.append(make("strong", result.outcome), ` ${result.title}`);
  if (result.sentence) made.append(make("span", result.sentence));
  if (result.hint) made.append(make("span", `Hint: ${result.hint}`));
  return made;
}

function make(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

// A status is spoken when it changes: so only then is it written.
function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

// What runs

function clear(cell) {
  placeOf(cell)?.replaceChildren();
  cell.element.querySelector(".ck-outcome")?.replaceChildren();
}

async function runCell(cell) {
  clear(cell);
  const source = cell.source();
  const done = await python.run(label(cell), source, placeOf(cell));
  if (done.ok) ran.set(cell.id, source);
  else ran.delete(cell.id);
  return done;
}

// Why a check cannot run: what went wrong above it; "" where everything is ready.
async function prepare(check) {
  for (const cell of before(cells, check, ran)) {
    const done = await runCell(cell);
    if (done.ended) return done.ended;
    if (done.ok || (cell.role === "answer" && !isOwn(cell, check))) continue;
    return `${check.question}: not yet. ${label(cell)} stopped with ${lastLine(done.error)}`;
  }
  return listen();
}

async function listen() {
  if (ran.has(LISTEN)) return "";
  const done = await python.run("the checks", LISTEN, null);
  if (done.ok) ran.set(LISTEN, LISTEN);
  return done.ended;
}

async function check(cell) {
  clear(cell);
  const fault = await prepare(cell);
  if (fault) return settle(cell, fault, []);
  const said = [];
  const tell = (result) => said.push(result);
  const done = await python.run(label(cell), cell.source(), placeOf(cell), { tell, quiet: true });
  print(placeOf(cell), rest(done.printed, said));
  if (done.error) said.push(stopped(cell, done.error));
  return settle(cell, done.ended || sentence(cell.question, said), said);
}

// An error of the check's own cell, outside of what it checks.
function stopped({ question }, error) {
  const told = `${question}: it stopped with ${lastLine(error)}`;
  return { question, title: "the check itself", outcome: "not yet", sentence: told };
}

function settle(cell, head, said) {
  showOutcome(cell, head, said);
  results.set(cell.id, said);
  const own = checks.filter((one) => one.question === cell.question);
  const now = standing(own, results);
  keep((all) => (all.questions = { ...all.questions, [cell.question]: now }));
  showStanding();
}

async function checkAll(summary) {
  clear(summary);
  for (const cell of checks) {
    await check(cell);
    if (!ran.has(LISTEN)) return showOutcome(summary, "Stopped before the end.");
  }
  await python.run(label(summary), summary.source(), placeOf(summary));
  showOutcome(summary, `${progress(questions, kept().questions)}.`);
}

// One thing at a time: a second click while something runs does nothing.
async function alone(cell, button, work) {
  if (working) return;
  working = cell;
  mark(cell, button, true);
  try {
    await work(cell);
  } finally {
    working = null;
    mark(cell, button, false);
  }
}

function mark(cell, button, on) {
  for (const one of article.querySelectorAll("[data-act='check'], [data-act='run']")) {
    one.setAttribute("aria-disabled", String(on));
  }
  const stop = cell.element.querySelector("[data-act='stop']");
  if (stop && !on && document.activeElement === stop) button.focus();
  if (stop) stop.hidden = !on;
  say(cell.element.querySelector(".ck-doing"), on ? "Working" : "");
}

// Start over: asked once, and undone by one click until something else is written

let undo = null;

function ask() {
  const place = article.querySelector("[data-ask]");
  const yes = button("Yes, start over", startOver);
  const no = button("No, keep them", () => answered(""));
  place.replaceChildren("This removes your answers, what passed and the opened hints. ", yes, " ", no);
  yes.focus();
}

function startOver() {
  const all = course.store.read();
  undo = { edits: all.edits[page], exercise: all.exercises[name] };
  restore({});
  answered("Everything is as it was at the start. ", button("Undo", takeBack));
}

function takeBack() {
  restore(undo);
  answered("Your answers are back.");
}

function restore({ edits, exercise }) {
  course.store.update((all) => {
    delete all.edits[page];
    delete all.exercises[name];
    if (edits) all.edits[page] = edits;
    if (exercise) all.exercises[name] = exercise;
  });
  results.clear();
  cells.forEach(clear);
  show();
}

function answered(...said) {
  article.querySelector("[data-ask]").replaceChildren(...said);
  const undoing = article.querySelector("[data-ask] button");
  (undoing ?? article.querySelector("[data-act='start-over']")).focus();
}

function button(text, act) {
  const made = make("button", text);
  made.type = "button";
  made.className = "ck-button ck-quiet";
  made.addEventListener("click", act);
  return made;
}

// Everything together

function show() {
  showAnswers();
  showHints();
  showStanding();
}

const acts = {
  check: (cell, at) => alone(cell, at, cell.role === "summary" ? checkAll : check),
  run: (cell, at) => alone(cell, at, runCell),
  stop: () => python.stop(),
  "start-over": ask,
};

article.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-act]");
  if (!pressed) return;
  const id = pressed.closest("[data-cell]")?.dataset.cell;
  acts[pressed.dataset.act]?.(cells.find((cell) => cell.id === id), pressed);
});

article.addEventListener("toggle", (event) => {
  const step = event.target;
  if (!step.matches(".ck-hint") || !step.open) return;
  const ladder = step.closest(".ck-hints");
  const number = [...ladder.querySelectorAll(".ck-hint")].indexOf(step) + 1;
  const { question } = ladder.dataset;
  if ((kept().hints[question] ?? 0) >= number) return;
  keep((all) => (all.hints = { ...all.hints, [question]: number }));
  showHints();
}, true);

python.addEventListener("fresh", () => ran.clear());
python.addEventListener("progress", ({ detail }) => {
  if (working) say(working.element.querySelector(".ck-doing"), detail || "Working");
});
document.addEventListener("course:change", () => {
  showHints();
  showStanding();
});
for (const one of article.querySelectorAll("[data-act]")) one.disabled = false;
show();
showNext();
document.documentElement.dataset.exercise = "ready";
