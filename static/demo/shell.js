// The shell. Everything here works as plain links and forms too; the script
// keeps the page in the second phone alive while the rest changes, and passes
// on what that page's observer reports.
(() => {
  "use strict";

  const one = (selector, root = document) => root.querySelector(selector);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- swapping parts of the page ---------------------------------------------

  /** Requests run one after the other, so that the newest answer is shown last. */
  let queue = Promise.resolve();
  const inTurn = (work) => (queue = queue.catch(() => {}).then(work).then(() => say(""), trouble));

  /** What the demo answered in place of a page of the shell; status 0 is no answer at all. */
  class Failure extends Error {
    constructor(address, status) {
      super(`${address} answered ${status}`);
      this.status = status;
    }
  }

  async function load(address, init) {
    const response = await fetch(address, { headers: { Accept: "text/html" }, ...init }).catch(() => {
      throw new Failure(address, 0);
    });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!one("#hood", page)) throw new Failure(address, response.status);
    return { page, address: response.url };
  }

  function say(words) {
    const place = one("#trouble");
    if (place.textContent !== words) place.textContent = words;
  }

  /** Says why a request came to nothing. A visit of an earlier run is gone, which its own address says best. */
  function trouble(error) {
    if (replaying) stopReplay();
    if (!(error instanceof Failure)) throw error;
    if (error.status === 404) return location.reload();
    const { stopped, failed } = one("#trouble").dataset;
    say(error.status === 0 ? stopped : failed.replace("{status}", error.status));
  }

  /** Replaces parts by those of another page of the shell, and keeps the focus where it was. */
  function swap(page, ...ids) {
    const focused = document.activeElement?.closest?.("[data-step], [data-story], [data-replay]");
    const href = focused?.getAttribute("href");
    const replay = focused?.matches("[data-replay]");
    const scrolled = one(".steps")?.scrollLeft ?? 0;
    for (const id of ids) {
      const fresh = one(`#${id}`, page);
      if (fresh) one(`#${id}`).replaceWith(document.adoptNode(fresh));
    }
    one(".steps").scrollLeft = scrolled;
    showReplay();
    const again = replay ? one("[data-replay]") : href && document.querySelector(`[href="${CSS.escape(href)}"]`);
    again?.focus({ preventScroll: true });
  }

  let here = location.pathname + location.search;

  /** Remembers which address is shown, also for the switches of the header, which lead back to it. */
  function settle(address) {
    const { pathname, search } = new URL(address);
    here = pathname + search;
    one(".preferences [name=to]").value = here;
  }

  // Back from a visit leads to the partner's start, and forward to the visit. A
  // skip link moves about the history too, but not to another page.
  addEventListener("popstate", () => {
    if (location.pathname + location.search === here) return;
    stopReplay();
    inTurn(async () => {
      const { page, address } = await load(location.href);
      settle(address);
      swap(page, "phone-page", "happened", "hood");
    });
  });

  // ---- the tap ------------------------------------------------------------------

  async function tap(form) {
    stopReplay();
    const button = one("button", form);
    button.disabled = true;
    try {
      const { page, address } = await load(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      history.pushState(null, "", address);
      settle(address);
      swap(page, "phone-page", "happened", "hood");
      // Where the phones stand one above the other, the second must come into view.
      if (one("#phone-page").getBoundingClientRect().top > innerHeight / 2) one("#phone-page").scrollIntoView();
    } finally {
      button.disabled = false;
    }
  }

  // ---- what the page reports ------------------------------------------------------

  addEventListener("message", (event) => {
    const frame = one("iframe.web-view");
    if (!frame || event.source !== frame.contentWindow || event.origin !== new URL(frame.src).origin) return;
    const { postern, kind, ...report } = event.data ?? {};
    if (postern !== "demo") return;
    if (kind === "leave") return leave();
    const post = one("#hood").dataset.post;
    if (!post) return;
    const init = { method: "POST", headers: { Accept: "text/html", "Content-Type": "application/json" }, body: JSON.stringify({ kind, ...report }) };
    inTurn(async () => {
      const { page } = await load(post, init);
      if (!replaying) swap(page, "happened", "hood");
    });
  });

  /** The visitor follows the way back: the host app closes its webView. */
  function leave() {
    const back = one("[data-back]");
    inTurn(async () => {
      const { page } = await load(back.href);
      swap(page, "phone-page");
      one("#announce").textContent = one("#hood").dataset.back;
      one("[data-open] button").focus();
    });
  }

  // ---- replay -----------------------------------------------------------------------

  let replaying = 0;

  function showReplay() {
    const button = one("[data-replay]");
    if (!button) return;
    button.hidden = false;
    button.textContent = replaying ? button.dataset.stop : button.dataset.start;
  }

  function stopReplay() {
    clearTimeout(replaying);
    replaying = 0;
    showReplay();
  }

  function replay(index = 0) {
    const steps = document.querySelectorAll("a[data-step]");
    if (index >= steps.length) return stopReplay();
    replaying = setTimeout(() => replay(index + 1), 1600);
    steps[index].scrollIntoView({ block: "nearest", inline: "nearest", behavior: calm.matches ? "auto" : "smooth" });
    choose(steps[index]);
  }

  function choose(link) {
    return inTurn(async () => {
      const { page } = await load(link.href);
      swap(page, "happened", "hood");
    });
  }

  /** Where everything stands one above the other, a chosen step's message may be off the screen. */
  function reveal() {
    const card = one("#happened .card");
    const { top } = card.getBoundingClientRect();
    if (top >= 0 && top < innerHeight / 2) return;
    card.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
  }

  // ---- hands ---------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-open]")) return;
    event.preventDefault();
    inTurn(() => tap(event.target));
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-replay]")) return replaying ? stopReplay() : replay();
    const link = event.target.closest("a[data-story]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (replaying) stopReplay();
    const chosen = choose(link);
    if (link.matches("[data-step]")) chosen.then(reveal);
  });

  // The arrow keys walk along the steps; the page stays where it is, so that the
  // step that has the focus stays in sight.
  document.addEventListener("keydown", (event) => {
    const current = event.target.closest?.("a[data-step]");
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!current || !by) return;
    const steps = [...document.querySelectorAll("a[data-step]")];
    const next = steps[steps.indexOf(current) + by];
    if (!next) return;
    event.preventDefault();
    next.focus();
    choose(next);
  });

  showReplay();
})();
