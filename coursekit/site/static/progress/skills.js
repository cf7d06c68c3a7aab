// The skills map: what is done, and a filter by words, area and state.
"use strict";

course.skills = (() => {
  // Done: its page is done, and, where it is to be built, its exercise passed.
  function isDone(kept, { taught, exercise, questions }) {
    const { isDone, isPassed } = course.progress;
    if (!taught || !isDone(kept, taught)) return false;
    return !exercise || isPassed(kept, exercise, Number(questions));
  }

  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, " ");

  // Whether a text has every word that is asked for, each as the beginning of one.
  function matches(text, words) {
    const beginnings = ` ${plain(text)}`;
    const asked = plain(words).trim().split(/\s+/).filter(Boolean);
    return asked.every((word) => beginnings.includes(` ${word}`));
  }

  const holds = {
    "": () => true,
    taught: ({ taught }) => taught,
    done: ({ done }) => done,
    open: ({ taught, done }) => taught && !done,
    coming: ({ taught }) => !taught,
  };

  return { isDone, matches, holds };
})();

(() => {
  const map = globalThis.document?.querySelector(".ck-skills");
  if (!map) return;
  const { all, one, tick } = course.progress;
  const form = one(".ck-filter", map);
  const areas = all(".ck-area", map).map((element) => ({
    element,
    rows: all("li", element).map((row) => ({
      row,
      text: `${row.textContent} ${row.dataset.skill}`,
      taught: Boolean(row.dataset.taught),
    })),
  }));

  function mark(kept) {
    for (const { element, rows } of areas) {
      for (const entry of rows) {
        entry.done = course.skills.isDone(kept, entry.row.dataset);
        if (entry.taught) tick(one(".ck-done-mark", entry.row), entry.done);
      }
      const done = rows.filter((entry) => entry.done).length;
      one(".ck-gauge", element).style.setProperty("--done", done / rows.length);
      one(".ck-area-done", element).textContent = done ? `${done} done` : "";
    }
  }

  function filter() {
    const { words, area, state } = Object.fromEntries(new FormData(form));
    const asked = Boolean(words.trim() || area || state);
    let found = 0;
    for (const { element, rows } of areas) {
      const here = !area || element.dataset.area === area;
      let shown = 0;
      for (const entry of rows) {
        const holds = course.skills.holds[state](entry);
        entry.row.hidden = !(here && holds && course.skills.matches(entry.text, words));
        shown += entry.row.hidden ? 0 : 1;
      }
      element.hidden = asked && shown === 0;
      element.open = asked && shown > 0;
      found += shown;
    }
    const skills = found === 1 ? "1 skill" : `${found} skills`;
    one(".ck-hits", form).textContent = asked ? `${skills} found.` : "";
  }

  for (const kind of ["input", "change"]) form.addEventListener(kind, filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("course:change", () => mark(course.store.read()));
  mark(course.store.read());
  if (new FormData(form).get("words")) filter(); // what a browser restored
})();
