// Lays out, one by one and only when there is nothing else to do, the sections and the
// entries of the library that the style sheet leaves until then; soon the scroll bar
// tells the truth.
"use strict";
(() => {
  const root = document.documentElement;
  const idle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  const far = [...document.querySelectorAll(
    ".ck-article section section:not([class]), .ck-article > section > dl.py",
  )];

  function next() {
    const section = far.shift();
    if (!section) return void (root.dataset.laid = "all");
    section.dataset.laid = "";
    idle(next, { timeout: 500 });
  }

  if (!root.dataset.laid) addEventListener("load", () => idle(next));
})();
