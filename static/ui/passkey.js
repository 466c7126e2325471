// Passkeys: what the browser is asked between a page and the form that takes its
// answer. The server says what to ask and judges what comes of it.
import { announce, closest, whenReady } from "./page.js";

const supported = Boolean(navigator.credentials?.create && window.PublicKeyCredential);

// Octets travel in base64url.
const octets = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
const letters = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function question(options) {
  const key = options.publicKey;
  key.challenge = octets(key.challenge);
  if (key.user) key.user.id = octets(key.user.id);
  for (const known of [...key.allowCredentials ?? [], ...key.excludeCredentials ?? []]) known.id = octets(known.id);
  return options;
}

function answer({ id, type, rawId, response }) {
  const said = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) said[part] = letters(response[part]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({ id, type, rawId: letters(rawId), response: said, clientExtensionResults: {} });
}

async function ask(kind, address) {
  const reply = await fetch(address, { method: "POST", body: new URLSearchParams() });
  if (!reply.ok) throw new Error(reply.status);
  return answer(await navigator.credentials[kind](question(await reply.json())));
}

// attempt runs ask with a button that takes no second press meanwhile, and says
// beside it when nothing came of it.
async function attempt(place, button, kind, address, then) {
  const fault = place.querySelector("[data-passkey-fault]");
  fault.hidden = true;
  button.disabled = true;
  try {
    then(await ask(kind, address));
  } catch (error) {
    const why = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" }[error.name] ?? "failed";
    fault.querySelector("span").textContent = fault.dataset[why];
    fault.hidden = false;
    button.disabled = false;
  }
}

function prove(button) {
  const form = button.form;
  attempt(button.closest("[data-passkey-proof]"), button, "get", button.dataset.options, text => {
    form.elements.verify_passkey.value = text;
    const otherwise = form.querySelector("[data-passkey-otherwise]");
    for (const control of otherwise.querySelectorAll("input")) control.disabled = true;
    otherwise.hidden = true;
    button.closest("[data-passkey-proof]").hidden = true;
    const note = form.querySelector("[data-passkey-proved]");
    note.hidden = false;
    announce(note.textContent);
  });
}

export function passkeys() {
  if (!supported) return;
  whenReady(root => {
    for (const part of root.querySelectorAll("[data-passkey], [data-passkey-or], [data-passkey-proof]")) part.hidden = false;
    for (const part of root.querySelectorAll("[data-passkey-none]")) part.hidden = true;
  });
  document.addEventListener("submit", event => {
    const form = event.target;
    if (!form.dataset?.passkey) return;
    event.preventDefault();
    attempt(form, form.querySelector("button"), form.dataset.passkey, form.dataset.options, text => {
      form.elements.answer.value = text;
      form.submit();
    });
  });
  document.addEventListener("click", event => {
    const button = closest(event.target, "[data-passkey-proof] button");
    if (button) prove(button);
  });
}
