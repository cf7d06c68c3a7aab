// What an exercise page decides, without the page: tested in Node.

// How the results of a check come from Python (coursekit.check) to the page.
export const RESULT = "application/vnd.course.check+json";

// Run once in each session, before its first check: every result is also displayed, in
// a form that only this page reads.
export const LISTEN = `
def _listen():
    import dataclasses
    import json

    from IPython.display import display

    from coursekit.check import check

    def tell(result):
        told = {**dataclasses.asdict(result), "text": str(result)}
        display({"${RESULT}": json.dumps(told)}, raw=True)

    check.listeners[:] = [tell]


_listen()
del _listen
`;

// What to run before a check: its own answer always, and whatever stands above it that
// has not run as it stands now. `ran` has the source that each cell ran with.
export function before(cells, check, ran) {
  const above = cells.slice(0, cells.indexOf(check));
  return above.filter(
    (cell) =>
      !["check", "summary"].includes(cell.role) &&
      (ran.get(cell.id) !== cell.source() || isOwn(cell, check)),
  );
}

export function isOwn(cell, check) {
  return cell.role === "answer" && cell.question === check.question;
}

// The outcome of some results together; none is no outcome.
export function outcome(results) {
  const said = results.map((result) => result.outcome);
  if (said.length === 0) return "not yet";
  if (said.every((one) => one === "passed")) return "passed";
  return said.every((one) => one === "not answered yet") ? "not answered yet" : "not yet";
}

// Of a question with several checks: all of them must have run and passed.
export function standing(checks, results) {
  const known = checks.map((check) => results.get(check.id)).filter(Boolean);
  const all = outcome(known.flat());
  return all === "passed" && known.length < checks.length ? "not yet" : all;
}

export function sentence(question, results) {
  const passed = results.filter((result) => result.outcome === "passed").length;
  const said = outcome(results);
  if (said === "not answered yet") return `${question}: not answered yet.`;
  return `${question}: ${said}. ${passed} of ${count(results.length, "check")} passed.`;
}

// Every result; of an empty answer only the first, since all say the same.
export function worthSaying(results) {
  return outcome(results) === "not answered yet" ? results.slice(0, 1) : results;
}

export function progress(names, questions) {
  const passed = names.filter((name) => questions[name] === "passed").length;
  return `${passed} of ${count(names.length, "question")} passed`;
}

export function opened(number, of) {
  if (number === 0) return "";
  return `${number} of ${count(of, "hint")} opened. Only you see this.`;
}

// What a cell printed beside the results of its checks.
export function rest(printed, results) {
  let text = printed;
  for (const result of results) text = text.replace(`${result.text}\n`, "");
  return text.trim() === "" ? "" : text;
}

// An error in one line, with the line of the cell where there is one.
export function lastLine({ name, message, line }) {
  const where = line ? ` in line ${line}` : "";
  return message ? `${name}${where}: ${message}` : `${name}${where}.`;
}

// Tells whether an answer's skeleton is still the one that an answer was written in.
export function digest(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

// What a cell is called in messages.
export function label({ role, question, number }) {
  const names = { answer: `your answer to ${question}`, check: `the check of ${question}` };
  return names[role] ?? (role === "summary" ? "the summary" : `cell ${number}`);
}

function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
