// The diagnosis of a part: which of its pages to read, by what was answered above.
"use strict";

(() => {
  const { store, progress } = course;
  const { all, one, spoken } = progress;
  const place = one(".ck-diagnosis");
  const questions = new Map(
    all("[data-kind=diagnose]").map((asked) => [asked.dataset.of, asked.dataset.question]),
  );
  const rows = all("li[data-page]", place);
  const unasked = one(".ck-diagnosis-says", place).textContent;

  // "read", "skip", or "open" where the question was not answered.
  function stateOf(row, kept) {
    const answer = kept.questions[questions.get(row.dataset.page)];
    if (!answer || answer.picks.length === 0) return "open";
    return answer.right ? "skip" : "read";
  }

  const WORDS = { read: "Read it", skip: "You may skip it", open: "" };

  function summary(states) {
    const count = (state) => states.filter((one) => one === state).length;
    const [toRead, open] = [count("read"), count("open")];
    if (open === rows.length) return unasked;
    const left = open ? `${open} of ${rows.length} questions ${open === 1 ? "is" : "are"} still open. ` : "";
    if (toRead === 0) {
      return open ? `${left}So far you need none of the pages.` : "You may skip this part.";
    }
    const minutes = rows
      .filter((_, at) => states[at] === "read")
      .reduce((sum, row) => sum + Number(row.dataset.minutes), 0);
    const pages = toRead === 1 ? "1 page" : `${toRead} pages`;
    return `${left}Read ${pages}, about ${spoken(minutes)} with the exercises.`;
  }

  function show() {
    const kept = store.read();
    const states = rows.map((row) => stateOf(row, kept));
    rows.forEach((row, at) => {
      row.dataset.advice = states[at];
      one(".ck-advice", row).textContent = WORDS[states[at]];
    });
    const says = one(".ck-diagnosis-says", place);
    if (says.textContent !== summary(states)) says.textContent = summary(states);
    one(".ck-anew", place).hidden = states.every((state) => state === "open");
  }

  one(".ck-anew", place).addEventListener("click", () => {
    store.update((kept) => {
      for (const name of questions.values()) delete kept.questions[name];
    });
    one("[data-kind=diagnose] input").focus();
  });
  document.addEventListener("course:change", show);
  show();
})();
