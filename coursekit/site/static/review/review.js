// The review: asks the questions that are due, one after the other. Which page asks
// what stands in this page; the questions themselves come from that page's script
// below _questions/. A classic script, so that it works from the file system too.
"use strict";

(() => {
  const { store, schedule, questions } = course;
  const place = document.querySelector(".ck-review");
  if (!place) return;
  const root = document.documentElement.dataset.root;
  const part = (name) => place.querySelector(`.ck-${name}`);
  const [says, stage] = [part("review-says"), part("review-stage")];
  const [button, from] = [part("next"), part("from")];
  const index = JSON.parse(part("review-index").textContent);
  const pageOf = new Map(index.flatMap((page) => page.ids.map((id) => [id, page])));

  const pages = new Map(); // what the pages offered so far
  course.offer = (page, found) => pages.set(page, found);

  // Resolves with a page's questions; rejects where they cannot be had.
  function load({ page }) {
    if (pages.has(page)) return Promise.resolve(pages.get(page));
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${root}_questions/${page}.js`;
      script.onload = () => resolve(pages.get(page) ?? {});
      script.onerror = () => reject(new Error("not there"));
      document.head.append(script);
    });
  }

  // What the book itself wrote, its addresses pointed at the site's root.
  function made(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const name of ["href", "src"]) {
      for (const element of template.content.querySelectorAll(`[${name}^="~/"]`)) {
        element.setAttribute(name, root + element.getAttribute(name).slice(2));
      }
    }
    return template.content.firstElementChild;
  }

  let shown = null; // the question that is asked
  let answered = false; // since it is shown
  const postponed = []; // for the end of the row, in this order

  function postpone(id) {
    if (postponed.includes(id)) postponed.splice(postponed.indexOf(id), 1);
    postponed.push(id);
  }

  function due() {
    const found = schedule.due(store.read().questions, Date.now());
    const now = found.filter((id) => pageOf.has(id) && !postponed.includes(id));
    return [...now, ...postponed.filter((id) => found.includes(id))];
  }

  const many = (count, one, more) => (count === 1 ? one : `${count} ${more}`);

  function comesNext() {
    const next = schedule.next(store.read().questions, Date.now());
    if (!next) return "A question that you answer wrongly, on any page, comes here the day after.";
    const when = schedule.said(next.at, Date.now());
    return `${many(next.count, "One question comes", "questions come")} back ${when}.`;
  }

  function outlook(count) {
    if (count === 0) return `Nothing ${answered ? "more " : ""}is due today. ${comesNext()}`;
    return answered
      ? many(count, "One more is due today.", "more are due today.")
      : many(count, "One question is due today.", "questions are due today.");
  }

  function report() {
    const count = due().length;
    const said = outlook(count);
    if (says.textContent !== said) says.textContent = said;
    button.hidden = answered ? count === 0 : count < 2 || shown === null;
    button.textContent = answered ? "Next question" : "Later";
  }

  function link(id) {
    const { page, title } = pageOf.get(id);
    const made = document.createElement("a");
    made.href = `${root}${page}.html#quiz-${id}`;
    made.textContent = title;
    from.replaceChildren("From ", made);
  }

  function ask(id, html) {
    if (shown !== id) return; // another one was asked for meanwhile
    const section = html && made(html);
    if (!section) {
      stage.textContent = "This question could not be loaded. It stands on its page:";
      return;
    }
    section.dataset.page = pageOf.get(id).page;
    stage.replaceChildren(section);
    questions.attend(section);
  }

  function clear() {
    shown = null;
    answered = false;
    stage.replaceChildren();
    from.replaceChildren();
  }

  async function show({ focus }) {
    const [id] = due();
    clear();
    if (id !== undefined) {
      shown = id;
      link(id);
      const found = await load(pageOf.get(id)).catch(() => ({}));
      ask(id, found[id]);
    }
    report();
    if (focus) (shown === null ? says : stage).focus();
  }

  // What is no longer in the book cannot be asked: it leaves the list, until it is back.
  function drop() {
    const all = store.read().questions;
    const gone = Object.keys(all).filter((id) => all[id].due !== null && !pageOf.has(id));
    if (gone.length === 0) return;
    const change = ({ questions }) => {
      for (const id of gone) questions[id] = schedule.dropped(questions[id]);
    };
    store.update(change, { quiet: true });
    const line = document.createElement("p");
    line.textContent = `${many(gone.length, "One question that you missed is", "questions that you missed are")} no longer in the book.`;
    place.append(line);
  }

  stage.addEventListener("course:answered", () => {
    answered = true;
    report();
  });
  button.addEventListener("click", () => {
    if (!answered) postpone(shown);
    show({ focus: true });
  });
  // What is shown stays: it is answered here, at this moment or before, or still due.
  function stays() {
    if (shown === null) return false;
    const at = String(store.read().questions[shown]?.at);
    return answered || at === stage.firstElementChild?.dataset.at || due().includes(shown);
  }

  // Another tab answered, or a new day began while this one stood open.
  function follow() {
    if (stays()) report();
    else show({ focus: false });
  }

  questions.adopt([...pageOf.keys()]);
  drop();
  document.addEventListener("course:change", follow);
  document.addEventListener("visibilitychange", follow);
  show({ focus: false });
})();
