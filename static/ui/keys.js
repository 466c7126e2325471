// The keyboard: / search, g and a letter to a page, j k Enter x in lists, Esc, ?.
// Off while one types, under Ctrl, Alt or Meta, and when switched off (kept in this browser).
import { closest, typing, whenReady } from "./page.js";

const kept = "postern.keys";
const off = () => localStorage.getItem(kept) === "off";

let afterG = 0; // when g was pressed; a letter counts for 1.5 s

const rows = () => [...document.querySelectorAll("[data-rows] > tr.p-line")];
const chosen = () => rows().findIndex(row => row.classList.contains("is-at"));

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const from = chosen();
  const to = from < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(from + by, 0), all.length - 1);
  all[from]?.classList.remove("is-at");
  all[to].classList.add("is-at");
  all[to].scrollIntoView({ block: "nearest" });
  (all[to].querySelector("a") ?? all[to].querySelector("input"))?.focus({ preventScroll: true });
  return true;
}

// press follows the link of a key that a part of the page says it has.
function press(key) {
  const link = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  link?.click();
  return Boolean(link);
}

function mark() {
  const box = rows()[chosen()]?.querySelector('input[type="checkbox"]');
  box?.click();
  return Boolean(box);
}

function search() {
  const field = document.querySelector("[data-jump]:not([hidden])") ?? document.querySelector("[data-search]");
  const place = field?.offsetParent ? field : document.querySelector("[data-search]");
  place?.focus();
  return Boolean(place);
}

function help() {
  const dialog = document.getElementById("keys");
  if (!dialog?.showModal || dialog.open) return false;
  dialog.showModal();
  return true;
}

function open(target) {
  if (closest(target, "a, button, summary, input")) return false; // Enter does its own there
  const link = rows()[chosen()]?.querySelector("a");
  link?.click();
  return Boolean(link);
}

function go(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return Boolean(link);
}

function act(event) {
  if (afterG && event.timeStamp - afterG < 1500) {
    afterG = 0;
    return go(event.key);
  }
  switch (event.key) {
    case "g": afterG = event.timeStamp; return true;
    case "/": return search();
    case "?": return help();
    case "j": return press("j") || step(1);
    case "k": return press("k") || step(-1);
    case "x": return mark();
    case "Enter": return open(event.target);
    case "Escape": return press("Escape");
    case " ": return !closest(event.target, "a, button, summary, input") && press("Space");
  }
  return false;
}

function say(button) {
  button.textContent = off() ? button.dataset.keysOn : button.dataset.keysOff;
}

export function keys() {
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (off() || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event)) event.preventDefault();
  });
  document.addEventListener("click", event => {
    const button = closest(event.target, "[data-keys-off]");
    if (!button) return;
    if (off()) localStorage.removeItem(kept); else localStorage.setItem(kept, "off");
    say(button);
  });
  whenReady(root => { for (const button of root.querySelectorAll("[data-keys-off]")) say(button); });
}
