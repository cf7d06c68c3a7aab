// A phone shows a wide picture whole. Its button, or a tap on the picture, gives it the
// width at which it was drawn, with the place that was tapped in the middle.
"use strict";
(() => {
  const phone = matchMedia("(max-width: 600px)");

  function turn(picture, button, share) {
    const large = picture.classList.toggle("ck-large");
    button.setAttribute("aria-pressed", String(large));
    picture.scrollLeft = large ? share * picture.scrollWidth - picture.clientWidth / 2 : 0;
  }

  document.addEventListener("click", ({ target, clientX }) => {
    if (!phone.matches || !(target instanceof Element)) return;
    const pressed = target.closest(".ck-enlarge");
    const picture = pressed?.previousElementSibling ?? target.closest(".ck-picture");
    const button = picture?.nextElementSibling;
    if (!button?.matches(".ck-enlarge")) return;
    const { left, width } = picture.getBoundingClientRect();
    turn(picture, button, pressed ? 0 : (clientX - left) / width);
  });
})();
