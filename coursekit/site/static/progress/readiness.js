// The readiness checklist: ticks that are kept, and counts where they can be had.
"use strict";

course.counted = (kept, facts) => {
  const passed = Object.entries(facts.exercises)
    .filter(([name, questions]) => course.progress.isPassed(kept, name, questions))
    .map(([name]) => name);
  const scratch = passed.filter((name) => facts.scratch.includes(name.split("/")[0]));
  const right = Object.values(kept.questions).filter((question) => question.right);
  return { exercises: passed.length, scratch: scratch.length, questions: right.length };
};

(() => {
  const root = document.querySelector(".ck-readiness");
  if (!root) return;
  const { all, one } = course.progress;
  const facts = JSON.parse(one("#ck-facts").textContent);
  const words = { scratch: "passed here", exercises: "passed here", questions: "answered rightly here" };

  function show() {
    const kept = course.store.read();
    const boxes = all("input", root);
    for (const box of boxes) box.checked = kept.checklist[box.value] === true;
    const counted = course.counted(kept, facts);
    for (const place of all(".ck-counted", root)) {
      const { counts, goal } = place.dataset;
      place.textContent = `${counted[counts]} of ${goal} ${words[counts]}`;
    }
    const ticked = boxes.filter((box) => box.checked).length;
    one(".ck-says", root).textContent = `${ticked} of ${boxes.length} hold.`;
  }

  root.addEventListener("change", ({ target }) => {
    course.store.update(({ checklist }) => {
      if (target.checked) checklist[target.value] = true;
      else delete checklist[target.value];
    });
  });
  document.addEventListener("course:change", show);
  show();
})();
