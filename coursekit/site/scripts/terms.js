// The definition of a term, beside its link: on hover, on focus, on the first tap.
// The card stands hidden in the page; without it, or without scripts, the link leads
// to the glossary.
"use strict";

(() => {
  if (!("popover" in HTMLElement.prototype)) return;
  const PATIENCE = { open: 150, close: 300 }; // milliseconds, for the way to the card
  let shown = null; // {link, card}
  let waiting = 0;
  let pointer = "";

  const linkOf = (target) => target.closest?.("a:has(> .std-term)");

  function cardOf(link) {
    return document.getElementById(`card-${decodeURIComponent(link.hash.slice(1))}`);
  }

  function close() {
    clearTimeout(waiting);
    shown?.card.hidePopover();
    shown = null;
  }

  // Below the link's first line, or above it where there is more room; inside the
  // window. It stands in the page, so that it moves with it.
  function put(card, link) {
    const [line] = link.getClientRects();
    const { width, height } = card.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(line.left, wide - width - 8));
    const below = line.bottom + height + 12 < innerHeight || line.top < height + 12;
    const top = below ? line.bottom + 6 : line.top - height - 6;
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${top + scrollY}px`;
  }

  function open(link) {
    const card = cardOf(link);
    clearTimeout(waiting);
    if (shown?.link === link || !card) return;
    close();
    card.showPopover();
    put(card, link);
    shown = { link, card };
  }

  function later(what, wait) {
    clearTimeout(waiting);
    waiting = setTimeout(what, wait);
  }

  const isOurs = (target) =>
    target instanceof Node && (shown?.card.contains(target) || shown?.link.contains(target));

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch") return;
    const link = linkOf(target);
    if (isOurs(target)) clearTimeout(waiting);
    else if (link) later(() => open(link), PATIENCE.open);
    else later(close, PATIENCE.close);
  });
  document.addEventListener("pointerdown", ({ target, pointerType }) => {
    pointer = pointerType;
    if (!isOurs(target)) close();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event.target);
    if (!link || pointer !== "touch" || shown?.link === link || !cardOf(link)) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("focusin", ({ target }) => {
    const link = linkOf(target);
    if (link?.matches(":focus-visible")) open(link);
    else if (!isOurs(target)) close();
  });
  document.addEventListener("keydown", ({ key }) => {
    pointer = "";
    if (key === "Escape") close();
  });

  for (const words of document.querySelectorAll("a > .std-term")) {
    const link = words.parentElement;
    const text = cardOf(link)?.querySelector(".ck-card-text");
    if (!text) continue;
    text.id ||= `${cardOf(link).id}-text`;
    link.setAttribute("aria-describedby", text.id);
  }
})();
