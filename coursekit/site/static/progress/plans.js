// The study-plan page: the pathways stand in it, the reader's weeks are drawn from them.
"use strict";

(() => {
  const root = document.querySelector(".ck-plans");
  if (!root) return;
  const { all, one, made, tick, isDone, spoken } = course.progress;
  const form = one(".ck-plan-form", root);
  const says = one(".ck-says", form);
  const ways = Object.fromEntries(all(".ck-way", root).map((way) => [way.dataset.pathway, way]));

  const today = () => {
    const now = new Date();
    const two = (number) => String(number).padStart(2, "0");
    return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  };

  // The items of a pathway, and under each stage's last item what holds at its end.
  function itemsOf(way) {
    return all(".ck-stage", way).flatMap((stage) => {
      const items = all("li[data-item]", stage).map((row) => itemOf(row));
      const can = all(".ck-can > li", stage).map((point) => point.textContent);
      items.at(-1).ends = { title: stage.dataset.stage, can };
      return items;
    });
  }

  function itemOf(row) {
    const link = one("a", row);
    return {
      name: row.dataset.item,
      page: row.dataset.page,
      minutes: Number(row.dataset.minutes),
      title: (link ?? one("span:not(.ck-tick)", row)).textContent,
      address: link?.getAttribute("href"),
      takes: one(".ck-takes", row).textContent,
    };
  }

  function asked() {
    const { pathway, hours, start } = Object.fromEntries(new FormData(form));
    const usual = Number(ways[pathway].dataset.hours);
    return { pathway, hours: Number(hours) || usual, start: start || null };
  }

  function weeksAsked() {
    const { pathway, hours, start } = asked();
    return course.plan.dated(course.plan.weeks(itemsOf(ways[pathway]), hours), start);
  }

  const isTask = ({ page }) => page === undefined;
  const done = (kept, item) =>
    isTask(item) ? kept.checklist[item.name] === true : isDone(kept, item.page);

  // A page is ticked where it is read; a task by the reader, here.
  function row(kept, item) {
    const title = item.address
      ? made("a", { href: item.address }, item.title)
      : made("span", {}, item.title);
    const takes = made("span", { class: "ck-takes" }, item.takes);
    if (!isTask(item)) {
      const mark = made("span", { class: "ck-done-mark" });
      tick(mark, done(kept, item));
      return made("li", {}, mark, title, takes);
    }
    const box = made("input", { type: "checkbox", value: item.name, "aria-label": item.title });
    box.checked = done(kept, item);
    box.addEventListener("change", () =>
      course.store.update(({ checklist }) => {
        if (box.checked) checklist[item.name] = true;
        else delete checklist[item.name];
      }),
    );
    return made("li", {}, made("span", { class: "ck-box" }, box), title, takes);
  }

  function checkpoint({ title, can }) {
    const points = can.map((point) => made("li", {}, point));
    const head = made("p", {}, `The end of \u201c${title}\u201d. You are through when you can say: I can`);
    return made("div", { class: "ck-checkpoint" }, head, made("ul", {}, ...points));
  }

  function drawn(kept, week, open) {
    const rows = week.items.map((item) => row(kept, item));
    const going = week.goesOn.map((item) =>
      made("li", { class: "ck-goes-on" }, `${item.title} goes on`),
    );
    const ready = week.items.filter((item) => done(kept, item)).length;
    const dates = week.from
      ? `${course.plan.spoken(week.from)} to ${course.plan.spoken(week.to)}`
      : "";
    const state = `${spoken(week.minutes)}, ${ready} of ${week.items.length} done`;
    const summary = made(
      "summary",
      {},
      made("span", { class: "ck-week" }, `Week ${week.number}`),
      made("span", {}, dates),
      made("span", { class: "ck-takes" }, week.items.length ? state : spoken(week.minutes)),
    );
    const ends = week.items.filter(({ ends }) => ends).map(({ ends }) => checkpoint(ends));
    const details = made("details", {}, summary, made("ul", {}, ...going, ...rows), ...ends);
    details.open = open;
    return details;
  }

  // The week that is shown open: today's, or the first in which something is to be done.
  function current(kept, weeks) {
    const now = course.plan.weekOf(asked().start, today());
    if (now !== null) return Math.min(Math.max(now, 1), weeks.length);
    const next = weeks.find((week) => week.items.some((item) => !done(kept, item)));
    return next?.number ?? 1;
  }

  let drawnFor = "";
  function draw() {
    const kept = course.store.read();
    const weeks = weeksAsked();
    const place = one(".ck-weeks", root);
    const same = drawnFor === JSON.stringify(asked());
    const opened = all("details", place).map((details) => details.open);
    const open = current(kept, weeks);
    place.replaceChildren(
      ...weeks.map((week, k) => drawn(kept, week, same ? opened[k] : week.number === open)),
    );
    drawnFor = JSON.stringify(asked());
    one(".ck-calendar", form).disabled = !asked().start;
  }

  function fill() {
    const { plan } = course.store.read();
    const known = plan.pathway in ways ? plan.pathway : Object.keys(ways)[0];
    form.elements.pathway.value = known;
    form.elements.hours.value = plan.hours ?? ways[known].dataset.hours;
    form.elements.start.value = plan.start ?? "";
  }

  function keep(event) {
    event.preventDefault();
    const plan = asked();
    const kept = course.store.update((all) => Object.assign(all, { plan }));
    const { length } = weeksAsked();
    says.textContent = kept
      ? `Kept: ${length} weeks at ${plan.hours} hours. The front page says what is next.`
      : "";
  }

  function download() {
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const title = one(".ck-way-title", ways[asked().pathway]).textContent;
    const text = course.plan.calendar(weeksAsked(), title, stamp);
    const address = URL.createObjectURL(new Blob([text], { type: "text/calendar" }));
    made("a", { href: address, download: "study-plan.ics" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    says.textContent = "The weeks are in study-plan.ics.";
  }

  form.elements.pathway.addEventListener("change", () => {
    form.elements.hours.value = ways[asked().pathway].dataset.hours;
  });
  form.addEventListener("change", draw);
  form.addEventListener("submit", keep);
  one(".ck-calendar", form).addEventListener("click", download);
  document.addEventListener("course:change", draw);
  fill();
  draw();
})();
