// Where the reader stands: pages opened and done, the last place, ticks and counts.
"use strict";

course.progress = (() => {
  const { page, kind } = document.body.dataset;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const one = (selector, inside = document) => inside.querySelector(selector);
  const isDone = (kept, name) => Boolean(kept.pages[name]?.done);

  const dated = (time) =>
    new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

  // "45 min", "2 h", "1 h 45 min".
  function spoken(minutes) {
    const whole = Math.round(minutes);
    const [hours, rest] = [Math.floor(whole / 60), whole % 60];
    if (hours === 0) return `${rest} min`;
    return rest ? `${hours} h ${rest} min` : `${hours} h`;
  }

  // An exercise is passed when each of its questions is; it has so many.
  function isPassed(kept, exercise, questions) {
    const marks = Object.values(kept.exercises[exercise]?.questions ?? {});
    return questions > 0 && marks.filter((mark) => mark === "passed").length >= questions;
  }

  // Elements from text alone: nothing that is kept is ever read as markup.
  function made(name, attributes = {}, ...inside) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  }

  function tick(place, done) {
    place.textContent = done ? "\u2713" : "";
    place.classList.toggle("ck-ticked", done);
    const said = { role: "img", "aria-label": "done" };
    for (const [key, value] of Object.entries(said)) {
      if (done) place.setAttribute(key, value);
      else place.removeAttribute(key);
    }
    if (done) place.removeAttribute("aria-hidden");
    else place.setAttribute("aria-hidden", "true");
  }

  // The page that a tick stands for: its own, or that of what it stands in.
  const ticked = (place) => place.closest("[data-page]:not(body)")?.dataset.page;

  function showTicks(kept) {
    for (const place of all(".ck-tick")) {
      const name = ticked(place);
      if (name) tick(place, isDone(kept, name));
    }
    for (const place of all(".ck-count")) {
      const names = pagesBeside(place);
      const done = names.filter((name) => isDone(kept, name)).length;
      const shown = made("span", { "aria-hidden": "true" }, `${done}/${names.length}`);
      const said = made("span", { class: "ck-hidden" }, `${done} of ${names.length} pages done`);
      place.replaceChildren(...(done ? [shown, said] : []));
    }
  }

  // The pages of a part's list in the sidebar; its front page is none to be done.
  function pagesBeside(place) {
    const list = place.closest("details");
    const names = list ? all("a[data-page]", list).map((link) => link.dataset.page) : [];
    return names.filter((name) => !name.endsWith("/index"));
  }

  function showDone(kept) {
    const button = one(".ck-done-toggle");
    if (!button) return;
    const done = kept.pages[page]?.done;
    button.setAttribute("aria-pressed", String(Boolean(done)));
    const says = one(".ck-done-says");
    if (done) says.textContent = `Done on ${dated(done)}. Press again to take it back.`;
    else says.textContent = allAnswered(kept) ? "You have answered every question here." : "";
  }

  function allAnswered(kept) {
    const asked = all(".ck-question[data-kind=quiz]");
    return asked.length > 0 && asked.every((item) => kept.questions[item.dataset.question]);
  }

  function toggleDone() {
    const now = Date.now();
    course.store.update((kept) => {
      const entry = kept.pages[page] ?? { opened: now, done: null };
      kept.pages[page] = { ...entry, done: entry.done ? null : now };
    });
  }

  const sidebarLink = (name) => one(`nav a[data-page="${CSS.escape(name)}"]`);

  // The next page of the reader's plan that is there and not done.
  function nextOfPlan(kept) {
    const data = one("#ck-pathways");
    const pathways = data ? JSON.parse(data.textContent) : {};
    const pages = pathways[kept.plan.pathway] ?? [];
    return pages.find((name) => !isDone(kept, name));
  }

  function linkTo(name, words, section = "") {
    const link = sidebarLink(name);
    if (!link) return [];
    const title = (one(".ck-page-title", link) ?? link).textContent.replace("\u2713", "").trim();
    const address = link.getAttribute("href") + (section && `#${section}`);
    return [made("a", { class: "ck-button", href: address }, `${words}: ${title}`)];
  }

  function showContinue(kept) {
    const place = one(".ck-continue");
    if (!place) return;
    const { page: last, section } = kept.last;
    const next = nextOfPlan(kept);
    const links = last ? linkTo(last, "Continue where you left off", section) : [];
    if (next && next !== last) links.push(...linkTo(next, "Next in your plan"));
    if (links.length === 0) return;
    place.replaceChildren(...links);
    place.hidden = false;
  }

  // The section that stands at the upper part of the window.
  function here() {
    const line = innerHeight * 0.4;
    const above = all("article section[id]").filter(
      (section) => section.getBoundingClientRect().top <= line,
    );
    return above.at(-1)?.id ?? "";
  }

  const counts = () => one(".ck-done-toggle") !== null; // a page of the book's plan

  function remember() {
    if (!counts() || document.visibilityState === "visible") return;
    const last = { page, section: here(), at: Date.now() };
    course.store.update((kept) => Object.assign(kept, { last }), { quiet: true });
  }

  function opened() {
    if (!counts()) return;
    const now = Date.now();
    course.store.update(
      (kept) => {
        kept.pages[page] = { done: null, ...kept.pages[page], opened: now };
        const section = kept.last.page === page ? kept.last.section : "";
        kept.last = { page, section, at: now };
      },
      { quiet: true },
    );
  }

  let told = false;
  function tellOnce({ detail }) {
    const place = one(".ck-notice");
    if (told || !place) return;
    told = true;
    place.textContent = `${detail.says} What you do here lasts until you leave the page.`;
  }

  function show() {
    const kept = course.store.read();
    showTicks(kept);
    showDone(kept);
    if (kind === "front") showContinue(kept);
  }

  document.addEventListener("course:change", show);
  document.addEventListener("course:unkept", tellOnce);
  document.addEventListener("visibilitychange", remember);
  one(".ck-done-toggle")?.addEventListener("click", toggleDone);
  opened();
  show();

  return { all, one, made, tick, isDone, isPassed, dated, spoken };
})();
