// Shows what Sphinx's index holds for the words that were asked for. Sphinx's own
// display would fetch every page it found; this one takes their first sentences from
// search-pages.js, and works from a folder, too.
"use strict";
(() => {
  const MOST = 50;
  const asked = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  const says = document.querySelector(".ck-found");
  const list = document.querySelector(".ck-results");
  const { pages, skills } = globalThis.coursePages;

  const text = (html) =>
    new DOMParser().parseFromString(html, "text/html").body.textContent;

  // A term of the glossary is shown by its name: its anchor holds it.
  function titleOf(name, title, anchor) {
    const term = anchor.startsWith("#term-") && name.endsWith("glossary");
    return term ? `${anchor.slice(6).replaceAll("-", " ")} (glossary)` : text(title);
  }

  function found() {
    const [query, terms, excluded, shown, objects] = Search._parseQuery(asked);
    const matched = Search._performSearch(query, terms, excluded, shown, objects);
    return matched.reverse().map(([name, title, anchor]) => ({
      href: `${name}.html${anchor}`,
      title: titleOf(name, title, anchor),
      about: anchor ? "" : pages[name],
    }));
  }

  function foundSkills() {
    const words = asked.toLowerCase().split(/\s+/);
    return skills
      .filter(([skill]) => words.every((word) => skill.toLowerCase().includes(word)))
      .slice(0, 5)
      .map(([skill, href, page]) => ({ href, title: skill, about: `Taught in: ${page}` }));
  }

  function entry({ href, title, about }) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = href;
    link.textContent = title;
    item.append(link);
    if (about) {
      const line = document.createElement("p");
      line.textContent = about;
      item.append(line);
    }
    return item;
  }

  function count(number) {
    if (number === 0) return `Nothing was found for “${asked}”. Try fewer or other words.`;
    const places = number === 1 ? "1 place" : `${number} places`;
    return number > MOST ? `${places}; the first ${MOST} are:` : `${places} for “${asked}”.`;
  }

  function show() {
    const all = [...foundSkills(), ...found()];
    says.textContent = count(all.length);
    list.replaceChildren(...all.slice(0, MOST).map(entry));
  }

  if (!asked) return;
  for (const field of document.querySelectorAll('input[name="q"]')) field.value = asked;
  says.textContent = "Searching";
  document.title = `${asked} | ${document.title}`;
  Search.query = show;
  Search._queued_query = asked;
})();
