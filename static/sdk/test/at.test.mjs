import { test } from "node:test";
import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { part, sdk, visit } from "./helpers.mjs";

const expected = { gateway: visit.issuer, service: "urn:h5:loan" };
const header = { typ: "at+jwt", alg: "ES256", kid: "sig-1" };
const { d: _, ...published } = visit.keys.gateway_signing;
const refused = (code, detail) => (error) => error.name === "PosternError" && error.code === code && error.detail === detail;

function mint(claims = {}, head = header, key = visit.keys.gateway_signing) {
  const signed = part(head) + "." + part({ ...visit.B.at_claims, ...claims });
  const privateKey = createPrivateKey({ key, format: "jwk" });
  return signed + "." + sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

/** publish answers the JWKS fetches in turn and records how they were made. */
function publish(t, ...sets) {
  const fetches = [];
  t.mock.method(globalThis, "fetch", async (url, init) => {
    fetches.push({ url, cache: init.cache });
    const set = sets[Math.min(fetches.length, sets.length) - 1];
    return new Response(JSON.stringify({ keys: set }), { headers: { "content-type": "application/json" } });
  });
  return fetches;
}

test("the vector's AT is read and verified", async (t) => {
  const fetches = publish(t, [published]);
  const at = await sdk.at.read(visit.B.at, expected);
  await sdk.at.verify(at, expected);
  assert.equal(at.returnTo, "https://app.lianhe.example/back");
  assert.equal(at.env, "production");
  assert.deepEqual(fetches, [{ url: visit.issuer + "/.well-known/jwks.json", cache: "default" }]);
});

test("neither exp nor iat is looked at", async (t) => {
  publish(t, [published]);
  await sdk.at.verify(await sdk.at.read(mint({ exp: 1, iat: 9e12 }), expected), expected);
});

test("an unknown kid is looked for once more, past the cache", async (t) => {
  const fetches = publish(t, [], [published]);
  await sdk.at.verify(await sdk.at.read(visit.B.at, expected), expected);
  assert.deepEqual(fetches.map((each) => each.cache), ["default", "reload"]);
});

test("a kid that stays unknown is refused", async (t) => {
  const fetches = publish(t, []);
  await assert.rejects(sdk.at.verify(await sdk.at.read(visit.B.at, expected), expected), refused("at_unverified", "kid"));
  assert.equal(fetches.length, 2);
});

test("keys that may not sign are refused", async (t) => {
  const cases = [
    ["a key for encryption", { use: "enc" }, "key"],
    ["a key without use", { use: undefined }, "key"],
    ["a key of another alg", { alg: "ES384" }, "key"],
    ["a point off the curve", { y: visit.keys.ak.y }, "key"],
    ["another key of the same kid", { x: visit.keys.ak.x, y: visit.keys.ak.y }, "signature"],
  ];
  for (const [name, change, detail] of cases) {
    await t.test(name, async (t) => {
      publish(t, [{ ...published, ...change }]);
      await assert.rejects(sdk.at.verify(await sdk.at.read(visit.B.at, expected), expected), refused("at_unverified", detail));
    });
  }
});

test("an AT that is not for this page is refused before any key is fetched", async (t) => {
  const ak = visit.B.at_claims.ak;
  const signature = visit.B.at.split(".")[2];
  const cases = [
    ["another issuer", mint({ iss: "https://other.example" }), "iss"],
    ["the issuer with a slash", mint({ iss: visit.issuer + "/" }), "iss"],
    ["another service", mint({ aud: "urn:h5:cards" }), "aud"],
    ["several services", mint({ aud: ["urn:h5:loan"] }), "aud"],
    ["another typ", mint({}, { ...header, typ: "assertion+jwt" }), "typ"],
    ["alg none", mint({}, { ...header, alg: "none" }), "alg"],
    ["no kid", mint({}, { typ: "at+jwt", alg: "ES256" }), "alg"],
    ["a crit member", mint({}, { ...header, crit: ["b64"], b64: false }), "header"],
    ["a key of its own", mint({}, { ...header, jwk: ak }), "header"],
    ["no AK", mint({ ak: undefined }), "ak"],
    ["an AK of the other suite", mint({ ak: { ...ak, crv: "SM2-P-256" } }), "ak"],
    ["an AK for signing", mint({ ak: { ...ak, use: "sig" } }), "ak"],
    ["an AK of another alg", mint({ ak: { ...ak, alg: "ECDH-ES" } }), "ak"],
    ["an AK without kid", mint({ ak: { ...ak, kid: undefined } }), "ak"],
    ["a JWE", "a.b.c.d.e", "form"],
    ["a DER signature", visit.B.at.slice(0, -signature.length) + signature + "AAAA", "form"],
    ["no signature", visit.B.at.slice(0, -signature.length), "form"],
    ["padding", visit.B.at + "=", "form"],
  ];
  const fetches = publish(t, [published]);
  for (const [name, compact, detail] of cases) {
    await t.test(name, () => assert.rejects(sdk.at.read(compact, expected), refused("at_unverified", detail)));
  }
  assert.equal(fetches.length, 0);
});

test("the GM suite is named as what it is", async () => {
  await assert.rejects(sdk.at.read(mint({}, { ...header, alg: "SGD_SM3_SM2" }), expected), refused("suite_unsupported", "GM"));
});

test("a return address of a refused scheme is dropped", async () => {
  const at = await sdk.at.read(mint({ return_to: "javascript:alert(1)" }), expected);
  assert.equal(at.returnTo, null);
});
