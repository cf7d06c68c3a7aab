/* Shows what a cell wrote and drew: outputs as kernel.py tells them, made into nodes.

   Text is only ever set as text. HTML (tables of pandas) is rebuilt from a short list of
   elements and attributes, so that nothing of it runs, covers the page or asks a server. */

const TAGS = new Set(("a b br caption code col colgroup dd details div dl dt em h1 h2 h3 h4 " +
  "h5 h6 hr i img li ol p pre s small span strong sub summary sup table tbody td tfoot th " +
  "thead tr u ul").split(" "));
const ATTRIBUTES = new Set("class colspan rowspan scope title dir".split(" "));
const STYLES = ("color background-color background text-align font-weight font-style width " +
  "white-space text-decoration border-bottom border-top padding-left").split(" ");
const ORDER = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg",
  "text/latex", "text/plain"];

export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function enlarge() {
  const name = "Enlarge the figure";
  const about = { class: "ck-enlarge", type: "button", "aria-pressed": "false" };
  return element("button", { ...about, "aria-label": name });
}

/* A place for the outputs of one run; `alt` says what its pictures show. */
export class Outputs {
  #alt;
  #stream = null;
  #named = new Map();
  #clearing = false;

  constructor(alt = "") {
    this.#alt = alt || "A figure drawn by your code";
    this.node = element("div", { class: "ck-outputs" });
  }

  get empty() {
    return !this.node.childElementCount;
  }

  hear(kind, payload) {
    if (kind === "clear") return payload.wait ? void (this.#clearing = true) : this.#clear();
    if (this.#clearing) this.#clear();
    if (kind === "stream") return this.#write(payload);
    this.#stream = null;
    const made = kind === "error" ? errorNode(payload) : this.#bundle(payload);
    if (made) this.#place(made, payload);
  }

  #clear() {
    this.#clearing = false;
    this.#stream = null;
    this.node.replaceChildren();
  }

  #write({ name, text }) {
    if (this.#stream?.name !== name) {
      const node = element("pre", { class: `ck-out ck-${name}` });
      this.node.append(node);
      this.#stream = { name, node, kept: "" };
    }
    const stream = this.#stream;
    if (!text.includes("\r") && !stream.kept.includes("\r")) {
      stream.kept += text;
      stream.node.append(text);
      return;
    }
    stream.kept = overwritten(stream.kept + text);
    stream.node.textContent = stream.kept;
  }

  #place(made, { id, update }) {
    const before = update && this.#named.get(id);
    if (before) before.replaceWith(made);
    else this.node.append(made);
    if (id) this.#named.set(id, made);
  }

  #bundle({ data, metadata }) {
    const kind = ORDER.find((one) => one in data && !(one === "text/html" && isDiagram(data[one])));
    if (!kind) return null; // a number that is kept for the prose, say
    const value = Array.isArray(data[kind]) ? data[kind].join("") : String(data[kind]);
    if (kind === "text/html") return tableNode(value);
    if (kind === "text/markdown") return markdownNode(value);
    if (kind.startsWith("image/")) return this.#picture(kind, value, metadata?.[kind] ?? {});
    return element("pre", { class: "ck-out", text: value });
  }

  #picture(kind, value, about) {
    const source = kind === "image/svg+xml"
      ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(value)}`
      : `data:${kind};base64,${value.trim()}`;
    const picture = element("img", { src: source, alt: about.alt ?? this.#alt });
    if (about.width) picture.width = about.width;
    if (about.height) picture.height = about.height;
    if (!(about.width >= 420)) return picture;
    // A phone shrinks wide ones and offers to enlarge them, as it does with the page's own.
    picture.style.setProperty("--ck-w", `${about.width}px`);
    const held = element("div", { class: "ck-scroll ck-picture" }, picture);
    return element("div", {}, held, enlarge());
  }
}

/* What a terminal shows of text with carriage returns: the line begun again. */
export function overwritten(text) {
  const last = text.lastIndexOf("\r", text.length - 2);
  if (last < 0) return text;
  return text.split("\n").map((line) => {
    const kept = line.endsWith("\r") ? line.slice(0, -1) : line;
    return kept.slice(kept.lastIndexOf("\r") + 1) + (line.endsWith("\r") ? "\r" : "");
  }).join("\n");
}

function errorNode({ traceback, hint }) {
  const made = element("div", { class: "ck-out ck-error" });
  made.append(element("pre", { text: traceback }));
  if (hint) made.append(element("p", { text: hint }));
  return made;
}

/* scikit-learn's diagrams are nothing without their styles; the text says the same. */
const isDiagram = (html) => /class="sk-/.test(html);

function tableNode(html) {
  return element("div", { class: "ck-scroll ck-html" }, sanitised(html));
}

/* HTML without what could run, fetch or cover. */
export function sanitised(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const styles = [...parsed.querySelectorAll("style")].map((one) => one.textContent);
  const made = document.createDocumentFragment();
  for (const child of [...parsed.head.childNodes, ...parsed.body.childNodes]) copy(child, made);
  const rules = styles.flatMap(keptRules);
  if (rules.length) made.prepend(element("style", { text: rules.join("\n") }));
  return made;
}

function copy(node, into) {
  if (node.nodeType === Node.TEXT_NODE) into.append(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const tag = node.localName;
  if (["script", "style", "template", "iframe", "object", "noscript", "title"].includes(tag)) return;
  if (!TAGS.has(tag) || (tag === "img" && !/^data:image\//.test(node.getAttribute("src") ?? ""))) {
    for (const child of node.childNodes) copy(child, into);
    return;
  }
  // An empty heading of a table heads nothing, and readers of the screen stumble on it.
  const made = document.createElement(tag === "th" && !node.textContent.trim() ? "td" : tag);
  copyAttributes(node, made);
  for (const child of node.childNodes) copy(child, made);
  into.append(made);
}

function copyAttributes(from, to) {
  for (const { name, value } of from.attributes) {
    if (ATTRIBUTES.has(name) || (name === "id" && /^T_/.test(value))) to.setAttribute(name, value);
  }
  if (to.localName === "a" && /^(https?:|#)/i.test(from.getAttribute("href") ?? "")) {
    to.href = from.getAttribute("href");
    to.rel = "noopener noreferrer";
  }
  if (to.localName === "img") {
    to.src = from.getAttribute("src");
    to.alt = from.getAttribute("alt") ?? "";
  }
  for (const name of STYLES) {
    const value = from.style?.getPropertyValue(name);
    if (value && !/url\(/i.test(value)) to.style.setProperty(name, value);
  }
}

/* Of a style sheet only what pandas writes for one table: rules for its own ids. */
function keptRules(text) {
  const sheet = new CSSStyleSheet();
  try {
    sheet.replaceSync(text);
  } catch {
    return [];
  }
  return [...sheet.cssRules].filter((rule) => rule.selectorText
    && rule.selectorText.split(",").every((one) => /^\s*#T_/.test(one))
    && !/url\(|image-set|position|@/i.test(rule.cssText)).map((rule) => rule.cssText);
}

/* The little Markdown that cells show: code, headings, lists, paragraphs. */
function markdownNode(text) {
  const made = element("div", { class: "ck-markdown" });
  text.split(/^```/m).forEach((piece, index) => {
    if (index % 2) {
      const code = piece.slice(piece.indexOf("\n") + 1).replace(/\n$/, "");
      made.append(element("div", { class: "ck-scroll" }, element("pre", { class: "ck-code", text: code })));
    } else {
      for (const block of piece.split(/\n\s*\n/)) if (block.trim()) made.append(blockNode(block.trim()));
    }
  });
  return made;
}

function blockNode(block) {
  const lines = block.split("\n");
  if (lines.every((line) => /^[-*] /.test(line))) {
    return element("ul", {}, ...lines.map((line) => inline(element("li"), line.slice(2))));
  }
  return inline(element("p"), block.replace(/^#+ /, ""));
}

function inline(into, text) {
  const names = { "`": "code", "**": "strong", "*": "em", "_": "em" };
  for (const piece of text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/)) {
    const mark = ["**", "`", "*"].find((one) => piece.startsWith(one) && piece.length > 2 * one.length && piece.endsWith(one));
    into.append(mark ? element(names[mark], { text: piece.slice(mark.length, -mark.length) }) : piece);
  }
  return into;
}

/* What is wider than the page can be scrolled with the keyboard too. */
export function nameScrollers(node) {
  for (const one of node.querySelectorAll(".ck-scroll, pre")) {
    if (one.scrollWidth > one.clientWidth) {
      one.tabIndex = 0;
      one.setAttribute("role", "group");
      one.setAttribute("aria-label", one.querySelector("table") ? "Table" : one.querySelector("img") ? "Figure" : "Output");
    }
  }
}
