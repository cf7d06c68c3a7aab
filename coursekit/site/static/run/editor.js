/* A plain text field in which code is pleasant to write, also on a phone. */

import { element } from "./outputs.js";

const INDENT = "    ";

/* Make an editor: `run()` is called for Ctrl, Cmd or Shift with Enter. */
export function makeEditor({ text, label, run, changed }) {
  const field = element("textarea", {
    class: "ck-editor", "aria-label": label, spellcheck: "false", autocapitalize: "off",
    autocomplete: "off", autocorrect: "off", wrap: "off", translate: "no",
    "aria-description": "Tab indents. Escape, then Tab, leaves the editor.",
  });
  field.value = text;
  const grow = () => { field.rows = Math.max(2, field.value.split("\n").length); };
  grow();
  field.addEventListener("input", () => { grow(); changed(field.value); });
  let leaving = false; // Escape was pressed: the next Tab moves on
  field.addEventListener("blur", () => { leaving = false; });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && !leaving) indent(event, field);
    else if (event.key === "Enter") enter(event, field, run);
    else if (!["Shift", "Tab"].includes(event.key)) leaving = false;
  });
  return field;
}

/* Type text as the keyboard would, so that the browser's own Undo knows of it. */
function type(field, text) {
  if (document.execCommand?.("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input"));
}

function lineBefore(field) {
  const { value, selectionStart } = field;
  return value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
}

function indent(event, field) {
  event.preventDefault();
  if (!event.shiftKey) return type(field, INDENT);
  const start = field.selectionStart - lineBefore(field).length;
  const spaces = /^ {0,4}/.exec(field.value.slice(start))[0].length;
  if (!spaces) return;
  const caret = Math.max(start, field.selectionStart - spaces);
  field.setRangeText("", start, start + spaces);
  field.setSelectionRange(caret, caret);
  field.dispatchEvent(new Event("input"));
}

function enter(event, field, run) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) {
    event.preventDefault();
    return run();
  }
  const before = lineBefore(field);
  const spaces = /^ */.exec(before)[0] + (/:\s*$/.test(before) ? INDENT : "");
  if (!spaces) return;
  event.preventDefault();
  type(field, `\n${spaces}`);
}
