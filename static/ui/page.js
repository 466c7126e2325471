// What the other modules share.

// announce says a short sentence to screen readers.
export function announce(words) {
  const place = document.getElementById("announce");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = words; });
}

// closest is Element.closest for targets that may be text or the document.
export const closest = (target, selector) => target instanceof Element ? target.closest(selector) : null;

// whenReady runs prepare over the document, and over each part that htmx swaps in.
export function whenReady(prepare) {
  prepare(document);
  document.addEventListener("htmx:after:swap", () => prepare(document));
}

// typing reports whether keys are meant for a control.
export const typing = target => Boolean(closest(target, 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]'));
