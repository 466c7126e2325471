// A list that grows while one looks at it. The server sends rows; here it is decided
// whether they are shown now: not while one has scrolled down, and not while paused.
import { announce, closest, whenReady } from "./page.js";

const keptRows = 200; // in the page; older ones are a link away
const scrolledFrom = 120; // pixels

function follow(bar) {
  const on = bar.querySelector("[data-live-on]");
  const off = bar.querySelector("[data-live-off]");
  const source = bar.querySelector("[hx-sse\\:connect]");
  const body = document.querySelector(source.getAttribute("hx-target"));
  const news = off.querySelector(".p-live-act > .btn");
  let paused = bar.hasAttribute("data-live-paused");
  let byScroll = false;
  let held = "";
  let count = 0;

  function draw() {
    on.hidden = paused;
    off.hidden = !paused;
    news.hidden = count === 0;
    news.textContent = count === 1 ? bar.dataset.one : bar.dataset.many.replace("0", String(count));
  }
  function trim() {
    for (const row of [...body.rows].slice(keptRows)) row.remove();
  }
  function show() {
    body.closest(".card").querySelector(".p-state")?.remove(); // no longer empty
    if (held) body.insertAdjacentHTML("afterbegin", held);
    held = "";
    count = 0;
    trim();
  }
  function pause() {
    paused = true;
    draw();
  }
  function go() {
    paused = byScroll = false;
    show();
    draw();
    scrollTo({ top: 0 });
  }

  source.addEventListener("htmx:sse:before:message", event => {
    const message = event.detail.message;
    if (message.event) return;
    const rows = message.data.split("<tr").length - 1;
    if (!paused) {
      body.closest(".card").querySelector(".p-state")?.remove();
      return;
    }
    held = message.data + held;
    count += rows;
    event.detail.cancelled = true;
    draw();
  });
  source.addEventListener("htmx:sse:after:message", trim);
  source.addEventListener("rate", event => {
    const words = on.querySelector(".p-live > span");
    words.textContent = bar.dataset.words.replace("%s", event.detail.data);
  });
  source.addEventListener("rush", () => announce(bar.dataset.rush));
  bar.addEventListener("click", event => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || !closest(event.target, "a")) return;
    event.preventDefault();
    if (paused) go(); else pause();
  });
  addEventListener("scroll", () => {
    if (!bar.isConnected) return;
    if (!paused && scrollY > scrolledFrom) {
      byScroll = true;
      pause();
    } else if (paused && byScroll && scrollY < 8) {
      go();
    }
  }, { passive: true });
  draw();
}

export function live() {
  whenReady(root => {
    for (const bar of root.querySelectorAll("[data-live]:not([data-live-ready])")) {
      bar.dataset.liveReady = "";
      follow(bar);
    }
  });
}
