import { test } from "node:test";
import assert from "node:assert/strict";
import { appendixC, contentKey, fromHex, hex, json, octets, openWith, reseal, sdk, unwrapWith, visit } from "./helpers.mjs";

const { envelope, ecdh, keywrap } = sdk;
const utf8 = (text) => new Uint8Array(Buffer.from(text));
const foreign = (detail) => (error) => error.code === "foreign_answer" && error.detail === detail;

test("the Concat KDF gives RFC 7518 appendix C", async () => {
  const { Z, algorithmId, keydatalen, apu, apv, derived } = appendixC;
  const key = await ecdh.concatKDF(fromHex(Z), algorithmId, keydatalen, utf8(apu), utf8(apv));
  assert.equal(Buffer.from(key).toString("base64url"), derived);
});

test("AES key wrap gives RFC 3394 section 4.6", async () => {
  const wrapped = await keywrap.wrap(
    fromHex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"),
    fromHex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"),
  );
  assert.equal(hex(wrapped).toUpperCase(), "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
});

test("the tests' own reader opens the vector's D", () => {
  const r = unwrapWith(visit.D.envelope, visit.keys.ak);
  assert.equal(r.toString("base64url"), visit.D.R);
  assert.deepEqual(openWith(visit.D.envelope, r), visit.D.plaintext);
});

test("D opens with the AK's private key and gives R and the plaintext", async () => {
  const { d, ...ak } = visit.keys.ak;
  const compact = await envelope.sealTo("vt-req+jwe", ak, octets(visit.D.R), visit.D.plaintext);
  const header = json(compact.split(".")[0]);
  assert.deepEqual(Object.keys(header), ["typ", "alg", "enc", "kid", "epk"]);
  assert.deepEqual({ ...header, epk: 0 }, { typ: "vt-req+jwe", alg: "ECDH-ES+A256KW", enc: "A256GCM", kid: "ak-1", epk: 0 });
  assert.deepEqual(Object.keys(header.epk).sort(), ["crv", "kty", "x", "y"]);
  const r = unwrapWith(compact, visit.keys.ak);
  assert.equal(r.toString("base64url"), visit.D.R);
  assert.deepEqual(openWith(compact, r), visit.D.plaintext);
  assert.ok(d);
});

test("two envelopes of one plaintext share neither IV nor ephemeral key", async () => {
  const seal = () => envelope.sealTo("vt-req+jwe", visit.keys.ak, octets(visit.D.R), {});
  const [one, two] = [(await seal()).split("."), (await seal()).split(".")];
  [0, 1, 2, 3, 4].forEach((index) => assert.notEqual(one[index], two[index]));
});

test("an AK that is not on the curve is refused", async () => {
  const off = { ...visit.keys.ak, y: visit.keys.gateway_signing.y };
  await assert.rejects(envelope.sealTo("vt-req+jwe", off, octets(visit.D.R), {}));
});

test("E and its error open under R", async () => {
  const key = await contentKey(visit.D.R);
  const types = ["vt-resp+jwe", "error+jwe"];
  const granted = await envelope.openDirect(visit.E.envelope, key, types, visit.E.plaintext.jti);
  assert.deepEqual(granted.message, visit.E.plaintext);
  const refused = await envelope.openDirect(visit.E.error_envelope, key, types, visit.E.plaintext.jti);
  assert.equal(refused.typ, "error+jwe");
  assert.deepEqual(refused.message, visit.E.error_plaintext);
});

test("K_up and K_down are those of the visit", async () => {
  const keys = await keywrap.deriveKeys(await keywrap.importR(octets(visit.D.R)), visit.E.plaintext.sid);
  const call = await envelope.sealDirect("call+jwe", keys.up, visit.G.call_plaintext);
  assert.deepEqual(openWith(call, octets(visit.keys_of_visit.K_up)), visit.G.call_plaintext);
  const reply = await envelope.openDirect(visit.G.reply_envelope, keys.down, ["reply+jwe"], visit.G.reply_plaintext.jti);
  assert.deepEqual(reply.message, visit.G.reply_plaintext);
  assert.equal(keys.up.extractable || keys.down.extractable, false);
});

test("what is not the answer to this request is refused", async (t) => {
  const raw = octets(visit.D.R);
  const key = await contentKey(visit.D.R);
  const { jti } = visit.E.plaintext;
  const good = { alg: "dir", enc: "A256GCM", typ: "vt-resp+jwe" };
  const plaintext = JSON.stringify(visit.E.plaintext);
  const parts = visit.E.envelope.split(".");
  const swap = (index, value) => parts.map((each, at) => (at === index ? value : each)).join(".");
  const cases = [
    ["another jti", await reseal(good, raw, JSON.stringify({ ...visit.E.plaintext, jti: "A".repeat(22) })), "jti"],
    ["no jti", await reseal(good, raw, "{}"), "jti"],
    ["another typ", await reseal({ ...good, typ: "reply+jwe" }, raw, plaintext), "typ"],
    ["typ in capitals", await reseal({ ...good, typ: "VT-RESP+JWE" }, raw, plaintext), "typ"],
    ["an alg other than dir", await reseal({ ...good, alg: "A256KW" }, raw, plaintext), "header"],
    ["another enc", await reseal({ ...good, enc: "A128GCM" }, raw, plaintext), "header"],
    ["a zip member", await reseal({ ...good, zip: "DEF" }, raw, plaintext), "header"],
    ["a plaintext that is an array", await reseal(good, raw, `[${plaintext}]`), "plaintext"],
    ["a plaintext with a byte order mark", await reseal(good, raw, "\ufeff" + plaintext), "plaintext"],
    ["a plaintext that is not UTF-8", await reseal(good, raw, Buffer.from([0x7b, 0xff, 0x7d])), "plaintext"],
    ["a foreign key", await reseal(good, octets(visit.keys_of_visit.K_up), plaintext), "tag"],
    ["a changed tag", swap(4, "A".repeat(22)), "tag"],
    ["a short tag", swap(4, parts[4].slice(0, 16)), "form"],
    ["a long IV", swap(2, "A".repeat(22)), "form"],
    ["an encrypted key", swap(1, "AAAA"), "form"],
    ["padding", visit.E.envelope + "==", "form"],
    ["a sixth part", visit.E.envelope + ".", "form"],
    ["white space", visit.E.envelope + "\n", "form"],
    ["a header over 4 KiB", swap(0, "A".repeat(6000)), "form"],
  ];
  for (const [name, compact, detail] of cases) {
    await t.test(name, () => assert.rejects(envelope.openDirect(compact, key, ["vt-resp+jwe", "error+jwe"], jti), foreign(detail)));
  }
});
