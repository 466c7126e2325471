// What makes pages quicker to use. Everything here is an addition: pages read and
// submit without it. It listens on the document, so parts that htmx swaps in work alike.
import { announce, closest, whenReady } from "./page.js";
import { editor } from "./editor.js";
import { keys } from "./keys.js";
import { charts } from "./chart.js";
import { live } from "./live.js";
import { keypairs } from "./keypair.js";
import { passkeys } from "./passkey.js";
import { refresh } from "./refresh.js";
import { times } from "./time.js";

// Buttons that only the script can serve are hidden until it runs.
const needScript = "[data-copy], [data-download], [data-reveal], [data-dialog]";

function prepare(root) {
  for (const element of root.querySelectorAll(needScript)) element.hidden = false;
  for (const form of root.querySelectorAll("form[data-match], form[data-unlock]")) lock(form);
  const first = root.querySelector("[data-focus]");
  first?.focus();
  first?.removeAttribute("data-focus"); // once: what is swapped in later must not take the focus back
}

// lock keeps a form's last button from working before what it asks for is there.
function lock(form) {
  const button = [...form.querySelectorAll('button[type="submit"]')].at(-1);
  const ready = "match" in form.dataset
    ? [...form.elements].some(e => (e.type === "text" || e.type === "textarea") && e.value.trim() === form.dataset.match)
    : [...form.querySelectorAll('input[type="checkbox"][required]')].every(box => box.checked);
  if (button) button.disabled = !ready;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // not allowed here: the text beside it can be selected
  }
  button.classList.add("is-copied");
  announce(button.dataset.copied);
  setTimeout(() => button.classList.remove("is-copied"), 2000);
}

function download(button) {
  const text = document.getElementById(button.dataset.of).textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/plain" }));
  link.download = button.dataset.download;
  link.click();
  URL.revokeObjectURL(link.href);
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}

function openDialog(event, opener) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog?.showModal) return; // the link leads to the page that asks the same
  event.preventDefault();
  dialog.showModal();
}

document.addEventListener("click", event => {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const on = (selector, act) => {
    const found = closest(event.target, selector);
    if (found) act(found);
  };
  on("[data-copy]", copy);
  on("[data-download]", download);
  on("[data-reveal]", reveal);
  on("[data-dialog]", opener => openDialog(event, opener));
  on("dialog [data-close]", closer => {
    event.preventDefault();
    closer.closest("dialog").close();
  });
  for (const menu of document.querySelectorAll("details.p-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("input", event => {
  const form = closest(event.target, "form[data-match], form[data-unlock]");
  if (form) lock(form);
});

document.addEventListener("keydown", event => {
  const menu = event.key === "Escape" && closest(event.target, "details.p-menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A button says that it is busy when an answer takes longer than 300 ms, keeps its
// width, and takes no second press at once.
const waiting = new WeakMap();

function settle(form) {
  const was = waiting.get(form);
  if (!was) return;
  waiting.delete(form);
  clearTimeout(was.timer);
  was.button.classList.remove("is-busy");
  was.button.removeAttribute("aria-busy");
  if (was.children) {
    was.button.replaceChildren(...was.children);
    was.button.disabled = false;
  }
}

document.addEventListener("submit", event => {
  const form = event.target;
  if (form.dataset.passkey) return; // it is busy in a way of its own
  if (waiting.has(form)) {
    event.preventDefault();
    return;
  }
  const button = event.submitter ?? form.querySelector("[data-busy]");
  if (event.defaultPrevented || !button?.dataset.busy) return;
  const was = { button };
  was.timer = setTimeout(() => {
    was.children = [...button.childNodes];
    const spinner = document.createElement("span");
    spinner.className = "p-spinner";
    button.setAttribute("aria-busy", "true");
    button.style.minWidth = button.offsetWidth + "px";
    button.replaceChildren(spinner, button.dataset.busy);
    button.classList.add("is-busy");
    button.disabled = true;
    announce(button.dataset.busy);
  }, 300);
  waiting.set(form, was);
});
document.addEventListener("htmx:finally:request", event => {
  const form = closest(event.target, "form");
  if (form) settle(form);
});
// A page that comes back out of the browser's cache was left in the middle of it.
addEventListener("pageshow", event => {
  if (event.persisted) for (const form of document.forms) settle(form);
});

whenReady(prepare);
times();
charts();
editor();
live();
keys();
passkeys();
keypairs();
refresh();
