// The reader's own page: numbers, export, import, and clearing what is kept.
"use strict";

(() => {
  const root = document.querySelector(".ck-yours");
  if (!root) return;
  const { all, one, made, isDone } = course.progress;
  const facts = JSON.parse(one("#ck-facts").textContent);
  const pathways = JSON.parse(one("#ck-pathways").textContent);

  function figures(kept) {
    const pages = all("li[data-pages]", root).flatMap(({ dataset }) => pagesOf(dataset));
    const counted = course.counted(kept, facts);
    const skills = facts.skills.filter((skill) => course.skills.isDone(kept, skill));
    const ticked = facts.checklist.filter((item) => kept.checklist[item]);
    const answered = Object.keys(kept.questions).length;
    const done = pages.filter((page) => isDone(kept, page));
    return {
      pages: [done.length, `of ${pages.length} pages done`],
      exercises: [counted.exercises, `of ${Object.keys(facts.exercises).length} exercises passed`],
      questions: [counted.questions, `of ${answered} answered questions right`],
      skills: [skills.length, `of ${facts.skills.length} skills taught so far`],
      checklist: [ticked.length, `of ${facts.checklist.length} marks of readiness`],
    };
  }

  const pagesOf = ({ pages }) => pages.split(" ").filter(Boolean);

  function show() {
    const kept = course.store.read();
    for (const [kind, [number, words]] of Object.entries(figures(kept))) {
      const place = one(`[data-figure=${kind}]`, root);
      place.replaceChildren(made("strong", {}, String(number)), made("span", {}, words));
    }
    for (const part of all("li[data-pages]", root)) showPart(kept, part);
    showNext(kept);
  }

  function showPart(kept, part) {
    const pages = pagesOf(part.dataset);
    const done = pages.filter((page) => isDone(kept, page)).length;
    one(".ck-gauge", part).style.setProperty("--done", pages.length ? done / pages.length : 0);
    const says = pages.length ? `${done} of ${pages.length} done` : "to come";
    one(".ck-part-says", part).textContent = says;
  }

  function showNext(kept) {
    const pages = pathways[kept.plan.pathway];
    const next = pages?.find((page) => !isDone(kept, page));
    const link = next && one(`nav a[data-page="${CSS.escape(next)}"]`);
    const words = pages ? "Every page of your plan that is here is done." : "You keep no study plan.";
    const place = one(".ck-next", root);
    if (!link) {
      place.replaceChildren(words);
      return;
    }
    const title = link.textContent.replace("\u2713", "").trim();
    place.replaceChildren(
      "Next in your plan: ",
      made("a", { href: link.getAttribute("href") }, title),
    );
  }

  const form = one(".ck-keeping", root);
  const says = one(".ck-says", form);

  function download() {
    const text = course.store.exported();
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const day = new Date().toISOString().slice(0, 10);
    made("a", { href: address, download: `course-progress-${day}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    says.textContent = "Exported as one file: it is with your downloads.";
  }

  async function take({ target }) {
    const [file] = target.files;
    if (!file) return;
    try {
      course.store.imported(await file.text(), { replace: form.elements.replace.checked });
      says.textContent = "Imported: this page and all others have it now.";
    } catch (error) {
      says.textContent = error.message;
    }
    target.value = ""; // the same file may be chosen again
  }

  const dialog = one("dialog", root);
  for (const button of all(".ck-export", root)) button.addEventListener("click", download);
  form.elements.file.addEventListener("change", take);
  form.addEventListener("submit", (event) => event.preventDefault());
  one(".ck-clear", root).addEventListener("click", () => dialog.showModal());
  one(".ck-clear-not", root).addEventListener("click", () => dialog.close());
  one(".ck-clear-now", root).addEventListener("click", () => {
    course.store.clear();
    dialog.close();
    says.textContent = "Cleared: this browser keeps nothing of the book any more.";
  });
  document.addEventListener("course:change", show);
  show();
})();
