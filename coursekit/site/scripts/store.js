// What this browser keeps for its reader: one JSON value in localStorage, checked field
// by field whenever it is read. Nothing of it leaves the browser.
"use strict";
globalThis.course = globalThis.course ?? {};

course.store = (() => {
  const KEY = "course";
  const VERSION = 1;
  const KIND = "course-progress"; // how a file says that it is ours
  const NOT_OURS = "This file does not hold progress that was exported from this book.";
  const TOO_NEW = "This comes from a newer edition of the book than this page; nothing was changed.";
  const NO_ROOM = "This browser does not let the page keep anything, or has no room left.";

  // A shape takes any value and gives a valid one, or undefined where there is none.
  const text = (value) => (typeof value === "string" ? value : undefined);
  const flag = (value) => (typeof value === "boolean" ? value : undefined);
  const number = (value) => (Number.isFinite(value) && value >= 0 ? value : undefined);
  const one = (...known) => (value) => (known.includes(value) ? value : undefined);
  const or = (shape, otherwise) => (value) => shape(value) ?? otherwise;
  const isObject = (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const texts = (value) =>
    Array.isArray(value) && value.every((one) => text(one) !== undefined)
      ? [...value]
      : undefined;

  // A map whose entries all have one shape; those that do not have it are left out.
  const map = (shape) => (value) => {
    const entries = Object.entries(isObject(value) ? value : {});
    const shaped = entries.map(([key, entry]) => [key, shape(entry)]);
    return Object.fromEntries(shaped.filter(([, entry]) => entry !== undefined));
  };

  // An object of known fields; it is none if a field is missing that has no default.
  const object = (shapes) => (value) => {
    if (!isObject(value)) return undefined;
    const fields = Object.entries(shapes).map(([key, shape]) => [key, shape(value[key])]);
    const whole = fields.every(([, field]) => field !== undefined);
    return whole ? Object.fromEntries(fields) : undefined;
  };

  const filled = (shapes) => (value) => object(shapes)(isObject(value) ? value : {});

  function day(value) {
    if (!/^\d{4}-\d\d-\d\d$/.test(text(value) ?? "")) return undefined;
    const time = new Date(`${value}T00:00:00Z`);
    const real = Number.isFinite(+time) && time.toISOString().startsWith(value);
    return real ? value : undefined;
  }

  const whole = filled({
    version: () => VERSION,
    questions: map(
      object({
        picks: texts,
        right: flag,
        at: number,
        page: or(text, ""),
        step: or(number, 0),
        due: or(number, null),
      }),
    ),
    pages: map(object({ opened: number, done: or(number, null) })),
    last: filled({ page: or(text, ""), section: or(text, ""), at: or(number, 0) }),
    exercises: map(
      object({
        questions: map(one("passed", "not yet", "not answered yet")),
        hints: map(number), // how many were opened, by question
        at: number,
      }),
    ),
    edits: map(map(object({ of: text, text }))),
    plan: filled({
      pathway: or(text, ""),
      start: or(day, null),
      hours: or((value) => (value > 0 ? number(value) : undefined), null),
    }),
    checklist: map(one(true)),
    settings: filled({ theme: or(one("auto", "light", "dark"), "auto") }),
  });

  // What each version's data needs before the next version's code reads it. Version 0,
  // which did not say so, had questions only, without page, step and due.
  const migrations = [(all) => all];

  function current(value) {
    let all = value;
    const from = isObject(all) && Number.isInteger(all.version) ? all.version : 0;
    for (const migrate of migrations.slice(Math.max(from, 0))) all = migrate(all);
    return whole(all);
  }

  const isNewer = (value) =>
    isObject(value) && Number.isInteger(value.version) && value.version > VERSION;

  let unkept = null; // what could not be written holds until the page is left

  function stored() {
    try {
      return JSON.parse(localStorage.getItem(KEY));
    } catch {
      return null; // storage is forbidden, or holds something else
    }
  }

  // A whole and valid value, whatever stands there; the caller may change it.
  const read = () => current(unkept ?? stored());

  function write(all) {
    if (isNewer(stored())) return TOO_NEW; // what it has and this page lacks stays
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
      return "";
    } catch {
      return NO_ROOM;
    }
  }

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }

  function keep(all, quiet) {
    const fault = write(all);
    unkept = fault ? all : null;
    tell("course:change", {});
    if (fault && !quiet) tell("course:unkept", { says: fault });
    return fault;
  }

  // Whether it was kept. What no reader asked for (that a page was opened) is `quiet`:
  // where it cannot be kept, nobody is told.
  function update(change, { quiet = false } = {}) {
    const all = read();
    change(all);
    return keep(whole(all), quiet) === "";
  }

  function exported() {
    return `${JSON.stringify({ kind: KIND, ...read() }, null, 1)}\n`;
  }

  function opened(file) {
    let value = null;
    try {
      value = JSON.parse(file);
    } catch {
      throw new Error(NOT_OURS);
    }
    if (!isObject(value) || value.kind !== KIND) throw new Error(NOT_OURS);
    if (isNewer(value)) throw new Error(TOO_NEW);
    return current(value);
  }

  const newest = (ours, theirs) => (theirs.at > ours.at ? theirs : ours);
  const later = (ours, theirs) => ({
    opened: Math.max(ours.opened, theirs.opened),
    done: Math.max(ours.done ?? 0, theirs.done ?? 0) || null, // done in either is done
  });

  function both(ours, theirs, choose) {
    const chosen = Object.keys(ours)
      .filter((key) => Object.hasOwn(theirs, key))
      .map((key) => [key, choose(ours[key], theirs[key])]);
    return { ...theirs, ...ours, ...Object.fromEntries(chosen) };
  }

  // The newest wins, entry by entry; what has no time is kept as it is here.
  const merged = (ours, theirs) => ({
    ...ours,
    questions: both(ours.questions, theirs.questions, newest),
    pages: both(ours.pages, theirs.pages, later),
    last: newest(ours.last, theirs.last),
    exercises: both(ours.exercises, theirs.exercises, newest),
    edits: both(ours.edits, theirs.edits, (here, there) => ({ ...there, ...here })),
    plan: ours.plan.pathway ? ours.plan : theirs.plan,
    checklist: { ...theirs.checklist, ...ours.checklist },
  });

  function imported(file, { replace = false } = {}) {
    const theirs = opened(file);
    const fault = keep(replace ? theirs : merged(read(), theirs), true);
    if (fault) throw new Error(fault);
  }

  function clear() {
    unkept = null;
    try {
      localStorage.removeItem(KEY);
    } catch {
      // Storage is forbidden: there is nothing to remove.
    }
    tell("course:change", {});
  }

  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) tell("course:change", {});
  });

  return { read, update, exported, imported, clear };
})();
