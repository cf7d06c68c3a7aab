// The switch between light, dark and what the system says; layout.html has set both
// attributes before the first paint, so nothing flashes.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const select = document.querySelector(".ck-theme select");

  function kept() {
    return course.store.read().settings.theme;
  }

  function show(mode) {
    root.dataset.mode = mode;
    root.dataset.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
    select.value = mode;
  }

  select.addEventListener("change", () => {
    show(select.value);
    course.store.update((all) => {
      all.settings.theme = select.value;
    });
  });
  dark.addEventListener("change", () => show(root.dataset.mode));
  document.addEventListener("course:change", () => show(kept()));
  show(root.dataset.mode);

  // A drawer that is open when the screen becomes wide would hang above the page.
  const wide = matchMedia("(min-width: 60rem)");
  const book = document.getElementById("book");
  wide.addEventListener("change", () => book.matches(":popover-open") && book.hidePopover());

  // In a long book the page that one reads may stand below the sidebar's edge.
  const here = book.querySelector("[aria-current]");
  if (here && wide.matches) book.scrollTop = here.offsetTop - book.clientHeight / 3;
})();
