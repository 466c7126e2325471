// DEMO ONLY. This script is what a real page must never do: it wraps fetch and
// crypto.subtle before the SDK loads, reads every message in the clear, and
// hands it to the window around the page. It shows the demo's second half, and
// it shows why no third-party script may run on a page before its visit is
// open. It reports to one origin, the demo's shell on this machine, and does
// nothing when the page is not inside it.
(() => {
  "use strict";

  const shell = document.querySelector("meta[name=demo-shell]").content;
  const gateway = document.querySelector("meta[name=demo-gateway]").content;
  if (window.parent === window) return;

  const tell = (message) => window.parent.postMessage({ postern: "demo", ...message }, shell);
  const clock = () => performance.timeOrigin + performance.now();

  const base64url = (octets) =>
    btoa(String.fromCharCode(...new Uint8Array(octets.buffer ?? octets)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ivOf = (compact) => String(compact).split(".")[2] ?? "";

  // ---- plaintexts, by the IV of their envelope -------------------------------

  const opened = new Map();
  const waiting = new Map();

  function remember(iv, plaintext) {
    const text = new TextDecoder().decode(plaintext);
    opened.set(iv, { text, at: clock() });
    waiting.get(iv)?.();
    waiting.delete(iv);
  }

  /** Calls back once the envelope with this IV has been opened, or at once if it has been. */
  function whenOpened(iv, callback) {
    if (opened.has(iv)) callback();
    else waiting.set(iv, callback);
  }

  const subtle = SubtleCrypto.prototype;
  const { encrypt, decrypt, deriveKey } = subtle;

  subtle.encrypt = function (algorithm, key, data) {
    if (algorithm.name === "AES-GCM") remember(base64url(algorithm.iv.slice()), data);
    return encrypt.call(this, algorithm, key, data);
  };

  subtle.decrypt = async function (algorithm, key, data) {
    const plaintext = await decrypt.call(this, algorithm, key, data);
    if (algorithm.name === "AES-GCM") remember(base64url(algorithm.iv.slice()), plaintext);
    return plaintext;
  };

  // ---- step F: both keys derived from R ----------------------------------------

  let answered = 0; // when E was opened
  let derived = 0;

  subtle.deriveKey = async function (algorithm, ...rest) {
    const key = await deriveKey.call(this, algorithm, ...rest);
    if (algorithm.name === "HKDF" && answered && ++derived === 2) {
      tell({ kind: "keys", from: answered, until: clock() });
    }
    return key;
  };

  // ---- steps D, E and G ---------------------------------------------------------

  const fetched = window.fetch;

  window.fetch = async function (address, init) {
    const path = String(address).startsWith(gateway + "/gateway/v1/") ? String(address).slice(gateway.length) : "";
    if (!path) return fetched.call(this, address, init);
    const sent = clock();
    try {
      const response = await fetched.call(this, address, init);
      watch(path, init, sent, response.clone());
      return response;
    } catch (error) {
      tell({ kind: "exchange", path, sent, headers: clock(), until: clock(), status: 0, ...message("request", init.body) });
      throw error;
    }
  };

  async function watch(path, init, sent, response) {
    const headers = clock();
    const text = await response.text();
    const report = () => {
      const until = opened.get(ivOf(text))?.at ?? clock();
      if (path === "/gateway/v1/visit-tokens") answered = until;
      tell({
        kind: "exchange", path, sent, headers, until, status: response.status,
        ...message("request", init.body), ...message("reply", text),
      });
    };
    if ((response.headers.get("content-type") ?? "").startsWith("application/jose")) whenOpened(ivOf(text), report);
    else report();
  }

  const message = (name, compact) => ({ [name]: { sealed: String(compact), opened: opened.get(ivOf(compact))?.text ?? "" } });

  // ---- the way back ---------------------------------------------------------------

  // A host app opens addresses of its own scheme itself; in the demo the shell
  // plays the host.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || /^https?:$/.test(link.protocol)) return;
    event.preventDefault();
    tell({ kind: "leave", address: link.href });
  }, true);
})();
