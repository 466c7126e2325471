// The judge: npm jose opens what the SDK seals, and the SDK opens and verifies what jose seals and signs.
import { test } from "node:test";
import assert from "node:assert/strict";
import { octets, sdk, visit } from "./helpers.mjs";

const jose = await import(process.env.POSTERN_SDK_JOSE);
const r = octets(visit.D.R);
const utf8 = (value) => new TextEncoder().encode(JSON.stringify(value));

test("jose opens D", async () => {
  const { d, ...ak } = visit.keys.ak;
  const compact = await sdk.envelope.sealTo("vt-req+jwe", ak, r, visit.D.plaintext);
  const opened = await jose.compactDecrypt(compact, await jose.importJWK(visit.keys.ak, "ECDH-ES+A256KW"));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(opened.plaintext)), visit.D.plaintext);
  assert.equal(opened.protectedHeader.typ, "vt-req+jwe");
  assert.ok(d);
});

/** answerOf lets jose seal an answer, as a gateway would. */
function answerOf(typ, key, message) {
  return new jose.CompactEncrypt(utf8(message)).setProtectedHeader({ alg: "dir", enc: "A256GCM", typ }).encrypt(key);
}

test("the SDK opens what jose seals under R", async () => {
  const { jti } = visit.E.plaintext;
  const types = ["vt-resp+jwe", "error+jwe"];
  for (const [typ, plaintext] of [["vt-resp+jwe", visit.E.plaintext], ["error+jwe", visit.E.error_plaintext]]) {
    const opened = await sdk.envelope.openDirect(await answerOf(typ, r, plaintext), await sdk.keywrap.contentKey(r), types, jti);
    assert.deepEqual([opened.typ, opened.message], [typ, plaintext]);
  }
});

test("jose opens a call under K_up, and the SDK its reply under K_down", async () => {
  const keys = await sdk.keywrap.deriveKeys(await sdk.keywrap.importR(octets(visit.D.R)), visit.E.plaintext.sid);
  const call = await sdk.envelope.sealDirect("call+jwe", keys.up, visit.G.call_plaintext);
  const { plaintext, protectedHeader } = await jose.compactDecrypt(call, octets(visit.keys_of_visit.K_up));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(plaintext)), visit.G.call_plaintext);
  assert.deepEqual(protectedHeader, { typ: "call+jwe", alg: "dir", enc: "A256GCM" });
  const reply = await answerOf("reply+jwe", octets(visit.keys_of_visit.K_down), visit.G.reply_plaintext);
  const opened = await sdk.envelope.openDirect(reply, keys.down, ["reply+jwe"], visit.G.reply_plaintext.jti);
  assert.deepEqual(opened.message, visit.G.reply_plaintext);
});

test("the SDK verifies what jose signs", async (t) => {
  const { d, ...published } = visit.keys.gateway_signing;
  t.mock.method(globalThis, "fetch", async () => new Response(JSON.stringify({ keys: [published] })));
  const key = await jose.importJWK({ ...published, d }, "ES256");
  const compact = await new jose.SignJWT(visit.B.at_claims).setProtectedHeader({ typ: "at+jwt", alg: "ES256", kid: "sig-1" }).sign(key);
  const expected = { gateway: visit.issuer, service: "urn:h5:loan" };
  await sdk.at.verify(await sdk.at.read(compact, expected), expected);
  const foreign = await new jose.SignJWT(visit.B.at_claims)
    .setProtectedHeader({ typ: "at+jwt", alg: "ES256", kid: "sig-1" })
    .sign((await jose.generateKeyPair("ES256")).privateKey);
  const at = await sdk.at.read(foreign, expected);
  await assert.rejects(sdk.at.verify(at, expected), (error) => error.code === "at_unverified" && error.detail === "signature");
});
