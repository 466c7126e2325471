// Key pairs of partners: made in the browser, and compared with what is registered. A
// private key is downloaded or looked at here, and never sent: no control of a form
// holds one.
import { announce, closest, whenReady } from "./page.js";

const curve = { name: "ECDSA", namedCurve: "P-256" };
const letters = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// thumbprint is that of RFC 7638, of a key on P-256.
async function thumbprint({ crv, kty, x, y }) {
  const members = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  return letters(await crypto.subtle.digest("SHA-256", members));
}

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function pem(key) {
  const octets = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  const lines = btoa(String.fromCharCode(...octets)).match(/.{1,64}/g);
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----"].join("\n");
}

// say shows one of a place's sentences.
function say(place, name) {
  for (const note of place.querySelectorAll("[data-said]")) {
    note.hidden = note.dataset.said !== name;
    if (!note.hidden) announce(note.textContent.trim());
  }
}

async function make(button) {
  const place = button.closest("[data-key-maker]");
  const field = document.getElementById("key");
  const use = document.getElementById("kind").value === "enc" ? "enc" : "sig";
  button.disabled = true;
  try {
    const pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
    const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    const kid = await thumbprint({ crv, kty, x, y });
    const alg = use === "enc" ? "ECDH-ES+A256KW" : "ES256";
    const name = `${use}.private`; // as the samples of code read it
    if (button.dataset.make === "pem") save(name + ".pem", await pem(pair.privateKey));
    else save(name + ".jwk.json", JSON.stringify({ kty, crv, x, y, d, use, alg, kid }, null, 2));
    field.value = JSON.stringify({ kty, crv, x, y, use, alg, kid }, null, 2);
    say(place, "made");
  } catch {
    say(place, "failed");
  }
  button.disabled = false;
}

// publicOf is the public part of a private key that somebody has pasted.
async function publicOf(text) {
  if (!text.startsWith("-----BEGIN")) {
    const { kty, crv, x, y, d } = JSON.parse(text);
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y, d }, curve, true, ["sign"]); // the parts belong together, or it is refused
    return crypto.subtle.exportKey("jwk", key);
  }
  const body = text.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
  const octets = Uint8Array.from(atob(body), c => c.charCodeAt(0));
  const key = await crypto.subtle.importKey("pkcs8", octets, curve, true, ["sign"]);
  return crypto.subtle.exportKey("jwk", key);
}

async function compare(button) {
  const place = button.closest("[data-key-fit]");
  const field = place.querySelector("textarea");
  try {
    const same = await thumbprint(await publicOf(field.value.trim())) === place.dataset.keyFit;
    say(place, same ? "fits" : "fits-not");
  } catch {
    say(place, "unread");
  }
  field.value = "";
}

// keypairs shows what needs a script, and lets it work.
export function keypairs() {
  if (!globalThis.crypto?.subtle) return;
  whenReady(part => {
    for (const place of part.querySelectorAll("[data-key-maker], [data-key-fit]")) place.hidden = false;
  });
  document.addEventListener("click", event => {
    const maker = closest(event.target, "[data-make]");
    if (maker) make(maker);
    const fit = closest(event.target, "[data-fit]");
    if (fit) compare(fit);
  });
}
