// One whole visit, B to G and the close, from docs/protocol.md and npm jose 6
// alone: first as a partner's back end, then as the page. Suite A256.
//
//   npm install --no-save --no-package-lock jose@6 && node visit.mjs
//
// Settings come from the environment; the defaults fit `go run . demo`, started
// in the folder above docs. With --base-port 18080 or --data elsewhere:
//
//   GATEWAY=http://localhost:18080 KEYS=elsewhere/partners node visit.mjs
//
// CONSENT=yes agrees to what a scope demands; without it those fields stay away.
// While the partner changes its encryption key, both halves are in KEYS.
//
// docs/first-visit.md leads to a visit against a gateway of one's own.
// A real page never sees a partner's keys, and a real
// partner never sees R: both are in one file to be read, not to be copied.
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import * as jose from "jose";

const env = process.env;
const gateway = env.GATEWAY ?? "http://localhost:8080";
const client = env.CLIENT_ID ?? "lianhe-travel-app";
const service = env.SERVICE ?? "urn:h5:loan";
const path = env.CALL_PATH ?? "/loans/offers";
const keys = env.KEYS ?? new URL("../../postern-data/partners/", import.meta.url).pathname;

const text = new TextDecoder();
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const newId = () => randomBytes(16).toString("base64url"); // 22 characters
const keyIn = async (file) => JSON.parse(await readFile(`${keys}/${file}`, "utf8"));

// encryptionKey is the private half to which an AT was sealed: of the files
// <CLIENT_ID>-enc*.jwk the one with its kid.
async function encryptionKey(sealed) {
  const { kid } = jose.decodeProtectedHeader(sealed);
  const files = (await readdir(keys)).filter((name) => name.startsWith(`${client}-enc`) && /(?<!\.pub)\.jwk$/.test(name));
  const found = (await Promise.all(files.map(keyIn))).find((each) => each.kid === kid);
  if (!found) throw new Error(`the AT is sealed to the key ${kid}, which no ${client}-enc*.jwk in ${keys} has`);
  return found;
}

async function answerOf(response) {
  if (response.headers.get("content-type")?.startsWith("application/jose")) return response.text();
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}

// B: the partner's back end obtains an AT (section 3).
async function obtainAT(issuer) {
  const signing = await keyIn(`${client}-sig.jwk`);
  const assertion = await new jose.SignJWT({ jti: newId() })
    .setProtectedHeader({ alg: "ES256", kid: signing.kid })
    .setIssuer(client).setSubject(client).setAudience(issuer)
    .setIssuedAt().setExpirationTime("60s")
    .sign(await jose.importJWK(signing, "ES256"));
  const response = await fetch(`${gateway}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials", resource: service, subject: "user-7781",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`step B: ${answer.error}: ${answer.error_description} (${answer.request_id})`);
  const encryption = await encryptionKey(answer.access_token);
  const opened = await jose.compactDecrypt(answer.access_token, await jose.importJWK(encryption, encryption.alg));
  return { at: text.decode(opened.plaintext), h5URL: answer.h5_url };
}

// C: the page verifies the AT, but for its times (section 4). jose insists on
// exp, so it is told a time at which the AT is good.
async function verifyAT(at, issuer) {
  const jwks = jose.createRemoteJWKSet(new URL(`${gateway}/.well-known/jwks.json`));
  const currentDate = new Date(jose.decodeJwt(at).iat * 1000);
  const { payload } = await jose.jwtVerify(at, jwks, { issuer, audience: service, typ: "at+jwt", algorithms: ["ES256"], currentDate });
  return payload;
}

async function post(path, body, origin, vt) {
  const headers = { "content-type": "application/jose", origin }; // a browser sets origin itself
  if (vt) headers.authorization = `Visit ${vt}`;
  return answerOf(await fetch(gateway + path, { method: "POST", headers, body }));
}

const seal = (typ, key, value) =>
  new jose.CompactEncrypt(bytes(value)).setProtectedHeader({ typ, alg: "dir", enc: "A256GCM" }).encrypt(key);

// open accepts the one typ that is due, and sealed refusals as errors.
async function open(compact, key, typ, jti) {
  const options = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
  const { plaintext, protectedHeader } = await jose.compactDecrypt(compact, key, options);
  const value = JSON.parse(text.decode(plaintext));
  if (value.jti !== jti) throw new Error("an answer to another request");
  if (protectedHeader.typ === "error+jwe") throw new Error(`${value.status} ${value.code} (${value.request_id})`);
  if (protectedHeader.typ !== typ) throw new Error(`a ${protectedHeader.typ} where ${typ} is due`);
  return value;
}

// D to F: AT against VT (section 5). R is the content key.
async function openVisit(at, ak, origin) {
  const R = randomBytes(32);
  const jti = newId();
  const request = await new jose.CompactEncrypt(bytes({ at, jti, iat: Math.floor(Date.now() / 1000) }))
    .setProtectedHeader({ typ: "vt-req+jwe", alg: ak.alg, enc: "A256GCM", kid: ak.kid })
    .setContentEncryptionKey(R)
    .encrypt(await jose.importJWK(ak, ak.alg));
  const visit = await open(await post("/gateway/v1/visit-tokens", request, origin), R, "vt-resp+jwe", jti);
  return withTicket({ ...visit, R, offset: visit.server_time * 1000 - Date.now(), origin }, visit);
}

// withTicket is the visit under a VT of its: each sid makes keys of its own.
function withTicket(visit, { vt, sid }) {
  const derive = (direction) => new Uint8Array(hkdfSync("sha256", visit.R, sid, `h5-access/v1 ${direction}`, 32));
  return { ...visit, vt, sid, up: derive("up"), down: derive("down") };
}

// G, and the close, which is sealed alike (section 6).
async function send(visit, path, typ, value) {
  const jti = newId();
  const sealed = await seal(typ, visit.up, { jti, iat: Math.floor((Date.now() + visit.offset) / 1000), ...value });
  return open(await post(path, sealed, visit.origin, visit.vt), visit.down, "reply+jwe", jti);
}

// agree gives every consent that the visit's scopes demand (section 10). A real
// page shows each text, and waits for the visitor's tap.
async function agree(visit) {
  const { consents } = await send(visit, "/gateway/v1/consents", "consent+jwe", { action: "list" });
  for (const { scope, version, text } of consents.filter((each) => !each.given)) {
    const given = await send(visit, "/gateway/v1/consents", "consent+jwe", { action: "give", scope, version });
    if (given.vt) visit = withTicket(visit, given);
    console.log("agreed to", scope, "version", version, JSON.stringify(text.en));
  }
  return visit;
}

async function main() {
  const metadata = await (await fetch(`${gateway}/.well-known/oauth-authorization-server`)).json();
  const { at, h5URL } = await obtainAT(metadata.issuer);
  console.log("B", "AT", createHash("sha256").update(at).digest("base64url"), "for", h5URL);
  const claims = await verifyAT(at, metadata.issuer);
  let visit = await openVisit(at, claims.ak, new URL(h5URL).origin);
  console.log("E", "visit", visit.vid, "of", visit.client_name, visit.subject_hint, "for", visit.scope);
  if (env.CONSENT === "yes") visit = await agree(visit);
  const reply = await send(visit, "/gateway/v1/calls", "call+jwe", { method: "GET", path });
  console.log("G", reply.status, JSON.stringify(reply.body));
  if (reply.consent_required) console.log("less is shown, as nobody agreed to", reply.consent_required.join(" "), "(CONSENT=yes agrees)");
  const closed = await send(visit, "/gateway/v1/visit-tokens/close", "close+jwe", {});
  console.log("closed", closed.status);
}

// One line says what stopped it; fetch hides its reason in the cause.
main().catch((error) => {
  const hints = {
    ECONNREFUSED: `is the demo running at ${gateway}? GATEWAY= names another gateway: `,
    ENOENT: `no keys of ${client} in ${keys}: CLIENT_ID= names the application and KEYS= their folder; the demo makes its own when it runs: `,
  };
  console.error((hints[error.cause?.code ?? error.code] ?? "") + (error.cause?.message || error.message));
  process.exitCode = 1;
});
