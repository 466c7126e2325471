import { test } from "node:test";
import assert from "node:assert/strict";
import { sdk } from "./helpers.mjs";

const { base64url, call, Clock, errors, http, json, returnto } = sdk;

test("base64url is strict", () => {
  for (const text of ["A", "AB", "AAB", "AA==", "A A", "AA\n", "A+AA", "A/AA", "AAAAA"]) assert.equal(base64url.decode(text), null, text);
  for (const length of [0, 1, 2, 3, 31, 32, 70000]) {
    const bytes = new Uint8Array(length).map((_, index) => index * 7);
    const text = base64url.encode(bytes);
    assert.equal(text, Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(base64url.decode(text), bytes);
  }
});

test("a jti is 22 characters and never the same", () => {
  const one = base64url.newID();
  assert.match(one, /^[A-Za-z0-9_-]{21}[AQgw]$/);
  assert.notEqual(one, base64url.newID());
});

test("only https and an app's own scheme lead back", () => {
  const good = ["https://app.example/back", "https://app.example", "https://app.example:8443/a?b#c", "lianhe://back", "com.lianhe.app:/x", "tel:95600"];
  const bad = [
    "http://app.example", "HTTPS://app.example", "javascript:alert(1)", "data:text/html,x", "blob:https://a/b", "file:///etc", "about:blank",
    "vbscript:x", "view-source:https://a", "content://a", "intent://a#Intent;end", "filesystem:https://a", "ws://a", "wss://a", "//app.example",
    "/back", "https:", "https:///x", "https://user@app.example", "java\nscript:alert(1)", " https://a.example", "https://a.example/ b",
    "https:\\\\a.example", "1a://x", "a", "", null, undefined, 7, {},
  ];
  for (const address of good) assert.equal(returnto.allowed(address), address);
  for (const address of bad) assert.equal(returnto.allowed(address), null, String(address));
});

test("a member's text keeps what a double loses", () => {
  const cases = [
    ['{"body":12345678901234567890.10}', "12345678901234567890.10"],
    ['{"jti":"x","body" : {"a":[1,{"body":2}],"b":"}\\"]"} ,"status":200}', '{"a":[1,{"body":2}],"b":"}\\"]"}'],
    ['{"text":"\\"body\\":1","body":"a,b"}', '"a,b"'],
    ['{"a":{"body":1},"b":[{"body":2}],"body":[ ]}', "[ ]"],
    ['{"bod\\u0079":true}', "true"],
    ['{"a":1}', undefined],
    ["{}", undefined],
  ];
  for (const [text, want] of cases) assert.equal(json.memberText(text, "body"), want, text);
});

test("a call is prepared as the protocol wants it", () => {
  const prepared = call.prepare("post", "/账户/1", { a: 1 }, { query: { "a b": "c&d", n: 1 }, headers: { Accept: "text/html" } });
  assert.deepEqual(prepared, {
    method: "POST", path: "/%E8%B4%A6%E6%88%B7/1", query: "a%20b=c%26d&n=1", headers: { accept: "text/html" }, body: { a: 1 },
  });
  const binary = call.prepare("PUT", "/a", new Uint8Array([255, 254]).subarray(1), {});
  assert.deepEqual([binary.body_b64, binary.headers["content-type"], "body" in binary], ["/g==", "application/octet-stream", false]);
  assert.equal("body" in call.prepare("GET", "/a", null, {}), false);
  assert.equal(call.prepare("POST", "/a", false, {}).body, false);
});

test("a call that no gateway could take is refused on the page", () => {
  const cases = [
    ["GE T", "/a", {}], ["GET", "a", {}], ["GET", "/a?b=1", {}], ["GET", "/a#b", {}], ["GET", "/a b", {}], ["GET", "/a", { headers: { A: "1", a: "2" } }], ["GET", "/a", { headers: { a: "1\r\nb: 2" } }],
    ["GET", "/\ud800", {}], ["GET", "/a", { query: { a: "\ud800" } }], ["GET", "/a", { query: "a=\ud800" }], ["GET", "/a", { headers: { a: "\ud800" } }],
    // Their entries are no members: they would be lost without a word.
    ["GET", "/a", { query: new URLSearchParams("a=1") }], ["GET", "/a", { headers: new Headers({ a: "1" }) }],
    ["GET", "/a", null], [undefined, "/a", {}],
  ];
  for (const [method, path, options] of cases) {
    assert.throws(() => call.prepare(method, path, null, options), (error) => error.code === "bad_call" && !!error.detail, path);
  }
});

test("a body that is not plain JSON is refused before anything is sent", () => {
  const cycle = {};
  cycle.self = cycle;
  class Transfer {
    amount = 1;
  }
  const bodies = {
    "a BigInt": 1n, "a BigInt inside": { a: [1n] }, "a cycle": cycle, "a function": () => 1, "a function inside": { a() {} },
    "a symbol": Symbol("a"), "a symbol inside": [Symbol("a")], "a Map": new Map([["a", 1]]), "a Set inside": { a: new Set([1]) },
    "a Blob": new Blob(["a"]), "form data": new FormData(), "search parameters": new URLSearchParams("a=1"), "an Error": new Error("a"),
    "an instance": new Transfer(), "a promise": Promise.resolve(1), "octets inside": { a: new Uint8Array([1]) },
    "no number": { a: NaN }, "an infinite number": Infinity, "half a character": "\ud800", "half a character in a name": { "a\udc00": 1 },
    "a toJSON that throws": { toJSON() { throw new TypeError("a"); } }, "a toJSON that gives nothing": { toJSON() {} },
  };
  for (const [name, body] of Object.entries(bodies)) {
    assert.throws(() => call.prepare("POST", "/a", body, {}), (error) => error.name === "PosternError" && error.code === "bad_call" && !!error.detail, name);
  }
});

test("a body is what JSON makes of it, at the time of the call", () => {
  const at = new Date(0);
  const bare = Object.assign(Object.create(null), { a: 1 });
  const cases = [
    [{ a: undefined, b: [undefined], c: null }, { b: [null], c: null }], [at, at.toJSON()], [{ at }, { at: at.toJSON() }], [bare, { a: 1 }],
    ["", ""], [0, 0], [false, false], [[], []], [{}, {}], ["\ud83d\ude00", "\ud83d\ude00"],
  ];
  for (const [body, want] of cases) assert.deepEqual(call.prepare("POST", "/a", body, {}).body, want);
  // A retry sends the same write, whatever the page has done to its object since.
  const body = { amount: "1.00" };
  const prepared = call.prepare("POST", "/a", body, {});
  body.amount = "2.00";
  assert.deepEqual(prepared.body, { amount: "1.00" });
});

test("the clock follows the gateway and not the visitor", () => {
  let wall = 5_000_000;
  const clock = new Clock(() => wall);
  clock.set(1767225600);
  wall += 86_400_000;
  assert.ok(Math.abs(clock.now() - 1767225600) < 1);
  assert.equal(clock.iat(), 1767225600);
  const offset = clock.offset();
  const later = new Clock(() => wall + 10_000);
  later.resume(offset);
  assert.ok(Math.abs(later.now() - 1767225610) < 1);
  clock.set("soon");
  assert.ok(Math.abs(clock.now() - 1767225600) < 1);
});

test("a problem in the clear never says what became of a write", () => {
  const problem = { code: "replayed", first: "done", status: 409, request_id: "r", title: "t", permission: 7, retry_after: 3 };
  const sealed = errors.fromProblem(problem, true, { status: 500 });
  assert.deepEqual([sealed.code, sealed.first, sealed.status, sealed.requestId, sealed.retryAfter, sealed.permission], ["replayed", "done", 409, "r", 3, undefined]);
  assert.equal(errors.fromProblem(problem, false, { status: 409 }).first, undefined);
  assert.equal(errors.fromProblem({}, true, { status: 500 }).code, "foreign_answer");
});

test("only the gateway's own word says for how long a service is closed", () => {
  const problem = { code: "unavailable", status: 503 };
  assert.equal(errors.fromProblem(problem, true, { status: 503, retryAfter: 7 }).retryAfter, undefined);
  assert.equal(errors.fromProblem({ ...problem, retry_after: 234000 }, true, { status: 503 }).retryAfter, 234000);
  assert.equal(errors.fromProblem(problem, false, { status: 503, retryAfter: 7 }).retryAfter, 7);
});

test("requests carry the protocol's fetch settings", async (t) => {
  const seen = [];
  t.mock.method(globalThis, "fetch", async (url, init) => (seen.push(init), new Response("x", { status: 429, headers: { "retry-after": "7" } })));
  const answer = await http.post("https://gateway.example/x", "e", { vt: "ticket" });
  const { mode, credentials, redirect, cache, method, headers } = seen[0];
  assert.deepEqual({ mode, credentials, redirect, cache, method }, { mode: "cors", credentials: "omit", redirect: "error", cache: "no-store", method: "POST" });
  assert.deepEqual(headers, { "Content-Type": "application/jose", Authorization: "Visit ticket" });
  assert.equal(answer.retryAfter, 7);
});

test("a lost answer and a given-up call have names of their own", async (t) => {
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (signal.aborted) throw new DOMException("aborted", "AbortError");
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(http.post("https://gateway.example/x", "e"), (error) => error.code === "network" && !error.sealed);
  await assert.rejects(http.post("https://gateway.example/x", "e", { signal: AbortSignal.abort() }), (error) => error.code === "aborted");
});
