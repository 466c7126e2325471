// The scope editor: ↑ ↓ from field to field, K M D what becomes of it, 1 2 3 its class.
// Without this each field is three radio buttons and a list.
import { announce, closest, typing } from "./page.js";

const treatments = { k: "keep", m: "mask", d: "drop" };

const leaves = () => [...document.querySelectorAll("[data-editor] [data-leaf]")];
const here = () => leaves().find(leaf => leaf.classList.contains("is-at"));

function choose(leaf) {
  here()?.classList.remove("is-at");
  leaf.classList.add("is-at");
  leaf.scrollIntoView({ block: "nearest" });
  (leaf.querySelector("input:checked") ?? leaf.querySelector("input:not(:disabled)"))?.focus({ preventScroll: true });
}

function step(by) {
  const all = leaves();
  const from = all.indexOf(here());
  choose(all[from < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(from + by, 0), all.length - 1)]);
}

// changed tells htmx and us that a control has another value, as a click would.
const changed = control => control.dispatchEvent(new Event("change", { bubbles: true }));

function treat(leaf, what) {
  const radio = leaf.querySelector(`[data-treat="${what}"]`);
  if (radio.disabled) {
    announce(radio.title);
    return;
  }
  radio.focus({ preventScroll: true });
  if (radio.checked) return;
  radio.checked = true;
  changed(radio);
}

function classify(leaf, value) {
  const list = leaf.querySelector("[data-class]");
  if (list.value === value) return;
  list.value = value;
  changed(list);
}

function act(event) {
  const leaf = here();
  switch (event.key) {
    case "ArrowDown": step(1); return true;
    case "ArrowUp": step(-1); return true;
    case "1": case "2": case "3":
      if (leaf) classify(leaf, "C" + event.key);
      return Boolean(leaf);
  }
  const what = treatments[event.key.toLowerCase()];
  if (leaf && what) treat(leaf, what);
  return Boolean(leaf && what);
}

// show brings a field's looks up to what was chosen: the server draws the rest.
function show(leaf) {
  const list = leaf.querySelector("[data-class]");
  const keep = leaf.querySelector('[data-treat="keep"]');
  keep.disabled = list.value === "C3";
  if (keep.disabled && keep.checked) { // C3 never leaves as it is
    leaf.querySelector('[data-treat="drop"]').checked = true;
  }
  const what = leaf.querySelector("[data-treat]:checked")?.value ?? "open";
  for (const name of ["open", "keep", "mask", "drop"]) leaf.classList.toggle("is-" + name, name === what);
  list.classList.remove("is-open", "is-c1", "is-c2", "is-c3");
  list.classList.add(list.value ? "is-" + list.value.toLowerCase() : "is-open");
}

export function editor() {
  // Before the page's other keys and before a group of radio buttons takes the arrows.
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || localStorage.getItem("postern.keys") === "off") return;
    if (!document.querySelector("[data-editor]") || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event)) event.preventDefault();
  }, true);
  // Before htmx hears of it, so that it sends what is shown.
  document.addEventListener("change", event => {
    const leaf = closest(event.target, "[data-leaf]");
    if (leaf) show(leaf);
  }, true);
  document.addEventListener("focusin", event => {
    const leaf = closest(event.target, "[data-editor] [data-leaf]");
    if (!leaf || leaf === here()) return;
    here()?.classList.remove("is-at");
    leaf.classList.add("is-at");
  });
}
