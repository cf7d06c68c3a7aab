/* A page that was opened as a file: the browser runs no modules there, so say what to do. */
(function () {
  "use strict";
  if (location.protocol !== "file:") return;
  const where = document.querySelector(".ck-runs .ck-live")
    || document.querySelector(".ck-try .ck-note")
    || document.querySelector(".ck-standing > [role=status]"); // an exercise
  for (const bar of document.querySelectorAll(".ck-bar")) bar.hidden = true;
  if (!where) return;
  where.hidden = false;
  where.textContent = "The code on this page runs in the browser, but not from a file: " +
    "in the book's folder run python -m http.server 8000 and open http://localhost:8000/.";
})();
