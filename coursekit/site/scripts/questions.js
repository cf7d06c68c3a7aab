// Questions: the reader picks, each pick answers with its reason, and the picks are
// kept in this browser. Nothing leaves it.

const KEY = "course";

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is forbidden, or holds something else
  }
}

function remember(question, picks, right) {
  const all = stored();
  all.questions = { ...all.questions, [question]: { picks, right, at: Date.now() } };
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // Storage is forbidden: the answer holds until the page is left.
  }
}

function remembered(question) {
  return stored().questions?.[question];
}

function inputs(section) {
  return [...section.querySelectorAll("input")];
}

function picked(section) {
  return inputs(section).filter((input) => input.checked);
}

function isRight(section) {
  return inputs(section).every(
    (input) => input.checked === (input.dataset.right === "true"),
  );
}

// A right answer unfolds every reason; a wrong one those of what was picked.
function reveal(section) {
  const right = isRight(section);
  for (const input of inputs(section)) {
    const reason = input.closest(".ck-option").querySelector(".ck-reason");
    reason.open = right || input.checked;
  }
  const missing = !right && picked(section).every((i) => i.dataset.right === "true");
  const again = missing ? "Right so far, but not all of it." : "Not so. Read why, try again.";
  section.querySelector(".ck-verdict").textContent = right ? "Right." : again;
}

function answer(section) {
  const verdict = section.querySelector(".ck-verdict");
  const picks = picked(section).map((input) => input.value);
  if (picks.length === 0) {
    verdict.textContent = "Pick an option first.";
    return;
  }
  remember(section.dataset.question, picks, isRight(section));
  if (section.dataset.kind === "predict") {
    keep(section);
  } else {
    reveal(section);
  }
}

function keep(section) {
  section.querySelector(".ck-verdict").textContent =
    "Kept. This page comes back to it once the result has been shown.";
  const name = CSS.escape(section.dataset.question);
  document.querySelectorAll(`.ck-recall[data-question="${name}"]`).forEach(recall);
}

function restore(section) {
  const before = remembered(section.dataset.question);
  if (!before) return;
  for (const input of inputs(section)) input.checked = before.picks.includes(input.value);
  if (section.dataset.kind === "predict") keep(section);
  else reveal(section);
}

function recall(section) {
  const before = remembered(section.dataset.question);
  if (!before) return;
  const options = [...section.querySelectorAll(".ck-option")];
  const labels = options
    .filter((option) => before.picks.includes(option.dataset.number))
    .map((option) => option.querySelector(".ck-label").textContent.trim());
  const verdict = before.right ? "That holds." : "It turned out otherwise.";
  const line = section.querySelector(".ck-picked");
  line.textContent = `You predicted: ${labels.join("; ")}. ${verdict}`;
  section.querySelector(".ck-options").open = true;
}

for (const section of document.querySelectorAll(".ck-question")) {
  section.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    answer(section);
  });
  restore(section);
}
document.querySelectorAll(".ck-recall").forEach(recall);
