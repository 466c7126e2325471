// Parts that are asked for again while one looks: [data-refresh], which htmx gets on
// the event "refresh". Nothing is asked for while the page is hidden, while one
// works in the part, or long after one was last there.
const every = 20_000; // ms
const leftAfter = 15 * 60_000; // ms without a key or a movement

let last = Date.now();

function again() {
  if (document.hidden || Date.now() - last > leftAfter) return;
  for (const part of document.querySelectorAll("[data-refresh]")) {
    if (!part.contains(document.activeElement)) part.dispatchEvent(new Event("refresh"));
  }
}

export function refresh() {
  if (!document.querySelector("[data-refresh]")) return;
  for (const event of ["pointermove", "keydown", "scroll"]) addEventListener(event, () => { last = Date.now(); }, { passive: true });
  setInterval(again, every);
  document.addEventListener("visibilitychange", again);
}
