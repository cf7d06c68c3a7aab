// Questions: the reader picks, each pick answers with its reason, and the picks are
// kept in this browser. Nothing leaves it.
"use strict";

course.questions = (() => {
  const { store, schedule } = course;
  const WORDS = { true: ["✓", "right"], false: ["✗", "not so"] };

  const inputs = (section) => [...section.querySelectorAll("input")];
  const picked = (section) => inputs(section).filter((input) => input.checked);
  const holds = (input) => input.dataset.right === "true";
  const isRight = (section) =>
    inputs(section).every((input) => input.checked === holds(input));
  const isQuiz = (section) => section.dataset.kind === "quiz";
  // Asked before a part is read: the first answer counts, and never comes back.
  const isDiagnostic = (section) => section.dataset.kind === "diagnose";
  const words = (section) =>
    section.dataset.kind === "predict" ? "Keep my prediction" : "Check";
  const part = (section, name) => section.querySelector(`.ck-${name}`);
  const nameOf = (section) => section.dataset.question;
  const keptOf = (section) => store.read().questions[nameOf(section)];

  function say(section, verdict, when = "") {
    part(section, "verdict").textContent = verdict;
    part(section, "when").textContent = when;
  }

  // Beside each option that was picked, or that holds: whether it is right.
  function mark(section, shown) {
    for (const input of inputs(section)) {
      const place = part(input.closest(".ck-option"), "mark");
      const [sign, words] = WORDS[holds(input)];
      const marked = shown && input.checked;
      input.closest(".ck-option").dataset.state = marked ? words : "";
      place.textContent = marked ? sign : "";
      if (marked) place.setAttribute("role", "img");
      else place.removeAttribute("role");
      place.ariaLabel = marked ? words : null;
    }
  }

  // A right answer unfolds every reason; a wrong one those of what was picked.
  function reveal(section) {
    const whole = isRight(section) || isDiagnostic(section);
    for (const input of inputs(section)) {
      part(input.closest(".ck-option"), "reason").open = whole || input.checked;
    }
    mark(section, true);
    part(section, "check").textContent = "Check";
    part(section, "again").hidden = false;
  }

  function verdict(section) {
    if (isRight(section)) return "Right.";
    if (picked(section).every(holds)) {
      return "Right so far, but not all of it. Tick what is missing, then check again.";
    }
    return inputs(section)[0].type === "radio"
      ? "Not so. Read why, then pick another option and check again."
      : "Not so. Read why, untick what does not hold, and check again.";
  }

  // When it comes back, if it does.
  function outlook(kept, now) {
    if (kept.due) return `It comes back in the review ${schedule.said(kept.due, now)}.`;
    if (kept.step < schedule.DAYS.length) return "";
    return "You have had it right often enough: it does not come back.";
  }

  function history(kept, now) {
    const how = kept.right ? "right" : "wrong";
    const said = `You had this ${how} ${schedule.said(kept.at, now)}.`;
    return `${said} ${outlook(kept, now)}`.trim();
  }

  // Keep what is picked, and when it comes back; give what is now kept.
  function remember(section) {
    const [name, at, right] = [nameOf(section), Date.now(), isRight(section)];
    const picks = picked(section).map((input) => input.value);
    const page = section.dataset.page ?? document.body.dataset.page;
    section.dataset.at = at; // so that the change is known for our own
    let kept = null;
    store.update((all) => {
      const plan = isQuiz(section)
        ? schedule.answered(all.questions[name], right, at)
        : { step: 0, due: null };
      kept = all.questions[name] = { picks, right, at, page, ...plan };
    });
    return kept;
  }

  function answer(section) {
    if (picked(section).length === 0) {
      say(section, "Pick an option first.");
    } else if (part(section, "check").textContent === "Show why") {
      reveal(section);
    } else {
      const kept = remember(section);
      delete section.dataset.touched;
      if (isQuiz(section)) settle(section, kept);
      else if (isDiagnostic(section)) diagnose(section);
      else keep(section);
      section.dispatchEvent(new CustomEvent("course:answered", { bubbles: true }));
    }
  }

  function settle(section, kept) {
    reveal(section);
    say(section, verdict(section), outlook(kept, Date.now()));
  }

  function freeze(section, frozen) {
    section.querySelector("fieldset").disabled = frozen;
  }

  function diagnose(section) {
    reveal(section);
    freeze(section, true);
    part(section, "check").hidden = true;
    const right = "Right: you may skip this page.";
    say(section, isRight(section) ? right : "This page is one for you.");
  }

  function recallsOf(section) {
    const name = CSS.escape(nameOf(section));
    return [...document.querySelectorAll(`.ck-recall[data-question="${name}"]`)];
  }

  function keep(section) {
    const recalls = recallsOf(section);
    const later = " This page comes back to it once the result has been shown.";
    part(section, "again").hidden = false;
    say(section, `Kept.${recalls.length ? later : ""}`);
    for (const found of recalls) {
      recall(found);
      part(found, "options").open = true;
    }
  }

  function blank(section) {
    for (const input of inputs(section)) input.checked = false;
    for (const reason of section.querySelectorAll(".ck-reason")) reason.open = false;
    mark(section, false);
    freeze(section, false);
    part(section, "check").textContent = words(section);
    part(section, "check").hidden = false;
    part(section, "again").hidden = true;
    delete section.dataset.touched;
    say(section, "");
  }

  // Show what was answered at an earlier visit, in the place that it has: the reasons
  // stay folded, so that nothing moves while the page appears.
  function restore(section) {
    const [kept, now] = [keptOf(section), Date.now()];
    section.dataset.at = kept?.at ?? "";
    blank(section);
    if (!kept || kept.picks.length === 0) return;
    if (isQuiz(section) && schedule.isDue(kept, now)) {
      say(section, "", "You had this wrong before. It is due again today.");
      return;
    }
    for (const input of inputs(section)) input.checked = kept.picks.includes(input.value);
    part(section, "again").hidden = false;
    if (isQuiz(section) || isDiagnostic(section)) {
      freeze(section, isDiagnostic(section));
      mark(section, true);
      part(section, "check").textContent = "Show why";
      say(section, "", history(kept, now));
    } else {
      part(section, "check").hidden = true; // until another option is picked
      say(section, "", `You predicted this ${schedule.said(kept.at, now)}.`);
    }
  }

  const unanswered = new Map(); // what stands in a look back before there is an answer

  function forget(section) {
    const line = part(section, "picked");
    if (!unanswered.has(line)) unanswered.set(line, [...line.childNodes]);
    line.replaceChildren(...unanswered.get(line));
    for (const option of section.querySelectorAll(".ck-option")) {
      option.dataset.state = "";
    }
  }

  // Look back at a prediction: what was picked, in the words of the option.
  function recall(section) {
    const kept = keptOf(section);
    forget(section);
    if (!kept || kept.picks.length === 0) return;
    const options = [...section.querySelectorAll(".ck-option")];
    const mine = options.filter(({ dataset }) => kept.picks.includes(dataset.number));
    for (const option of mine) option.dataset.state = "picked";
    const labels = mine.map((option) => part(option, "label").cloneNode(true).childNodes);
    const said = labels.flatMap((label, at) => [at ? "; " : "", ...label]);
    const end = kept.right ? ". That holds." : ". It turned out otherwise.";
    part(section, "picked").replaceChildren("You predicted: ", ...said, end);
  }

  // The answer goes; when the question comes back stays.
  function askAgain(section) {
    const name = nameOf(section);
    store.update((all) => {
      const kept = all.questions[name];
      if (!kept) return;
      if (kept.due === null) delete all.questions[name];
      else Object.assign(kept, { picks: [], right: false });
    });
    restore(section);
    inputs(section)[0].focus();
  }

  function touch(section) {
    section.dataset.touched = "";
    part(section, "check").hidden = false;
    part(section, "check").textContent = words(section);
    part(section, "verdict").textContent = "";
  }

  function attend(section) {
    section.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      answer(section);
    });
    section.addEventListener("change", () => touch(section));
    part(section, "again").addEventListener("click", () => askAgain(section));
  }

  // Wrong answers that have no day on which they come back get one.
  function adopt(names) {
    const lost = (all) =>
      names.filter((name) => {
        const kept = all.questions[name];
        return schedule.adopted(kept) !== kept;
      });
    if (lost(store.read()).length === 0) return;
    const change = (all) => {
      for (const name of lost(all)) {
        all.questions[name] = schedule.adopted(all.questions[name]);
      }
    };
    store.update(change, { quiet: true });
  }

  // Another tab answered, or all was cleared; what is half picked here is left alone.
  function follow(section) {
    const at = String(keptOf(section)?.at ?? "");
    if (at !== section.dataset.at && !("touched" in section.dataset)) restore(section);
  }

  // How many are due, beside the link to the review on every page.
  function count() {
    const due = schedule.due(store.read().questions, Date.now()).length;
    for (const place of document.querySelectorAll(".ck-due")) {
      place.textContent = due || "";
    }
    for (const words of document.querySelectorAll(".ck-due-words")) {
      words.textContent = due ? `, ${due} due today` : "";
    }
  }

  const sections = [...document.querySelectorAll(".ck-question")];
  const recalls = [...document.querySelectorAll(".ck-recall")];
  adopt(sections.filter(isQuiz).map(nameOf));
  sections.forEach(attend);
  sections.forEach(restore);
  recalls.forEach(recall);
  count();
  document.addEventListener("course:change", () => {
    sections.forEach(follow);
    recalls.forEach(recall);
    count();
  });
  document.addEventListener("visibilitychange", count);

  return { attend, adopt };
})();
