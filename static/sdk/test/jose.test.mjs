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

test("the SDK opens what jose seals under R, and jose a call", async () => {
  const jti = "AAAAAAAAAAAAAAAAAAAAAA";
  const answer = await new jose.CompactEncrypt(utf8({ jti, vt: "v" })).setProtectedHeader({ alg: "dir", enc: "A256GCM", typ: "vt-resp+jwe" }).encrypt(r);
  const opened = await sdk.envelope.openDirect(answer, await sdk.keywrap.contentKey(r), ["vt-resp+jwe"], jti);
  assert.deepEqual(opened.message, { jti, vt: "v" });
  const call = await sdk.envelope.sealDirect("call+jwe", await sdk.keywrap.contentKey(r), { jti });
  const back = await jose.compactDecrypt(call, r);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(back.plaintext)), { jti });
});

test("the SDK verifies what jose signs", async (t) => {
  const { d, ...published } = visit.keys.gateway_signing;
  t.mock.method(globalThis, "fetch", async () => new Response(JSON.stringify({ keys: [published] })));
  const key = await jose.importJWK({ ...published, d }, "ES256");
  const compact = await new jose.SignJWT(visit.B.at_claims).setProtectedHeader({ typ: "at+jwt", alg: "ES256", kid: "sig-1" }).sign(key);
  const expected = { gateway: visit.issuer, service: "urn:h5:loan" };
  await sdk.at.verify(await sdk.at.read(compact, expected), expected);
});
