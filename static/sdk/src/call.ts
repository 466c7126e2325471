/** The plaintexts of G: what a call says and what a reply gives (protocol section 6). */

import { base64 } from "./base64url";
import { Opened } from "./envelope";
import { asPosternError, PosternError } from "./errors";
import { memberText } from "./json";

export interface CallOptions {
  /** Without the question mark; an object's names and values are percent-encoded. */
  query?: string | { [name: string]: string | number | boolean };
  headers?: { [name: string]: string };
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  /** Names in lower case. */
  headers: { [name: string]: string };
  /** The JSON value, parsed; undefined when there is none. */
  body: any;
  /** The JSON value as it was sent: numbers keep the digits that a double loses. */
  text?: string;
  /** What is not JSON, in standard base64. */
  bodyBase64?: string;
  /** Scopes that show less here than they do with the person's consent. */
  consentRequired: string[];
}

/** A call's plaintext but for jti and iat, which belong to one sending of it. */
export interface Prepared {
  method: string;
  path: string;
  query?: string;
  headers: { [name: string]: string };
  body?: any;
  body_b64?: string;
}

function wrong(detail: string): PosternError {
  return new PosternError("bad_call", { detail });
}

/** Half of a surrogate pair: no character, so UTF-8 has nothing for it. */
const halfCharacter = /[\ud800-\udfff]/u;

/**
 * isPlain tells an object that is its members from one that JSON would empty without a word: Map, Blob,
 * FormData. By shape and not by Object.prototype, for another frame may have made it.
 */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function queryText(query: CallOptions["query"]): string | undefined {
  if (!query || typeof query === "string") {
    if (query && halfCharacter.test(query)) throw wrong("query: half a character");
    return query || undefined;
  }
  if (!isPlain(query)) throw wrong("query: text or a plain object");
  const part = (name: string) => encodeURIComponent(name) + "=" + encodeURIComponent(String(query[name]));
  return Object.keys(query).map(part).join("&");
}

function headerFields(headers: { [name: string]: string } = {}): { [name: string]: string } {
  if (!isPlain(headers)) throw wrong("headers: a plain object");
  const fields: { [name: string]: string } = {};
  for (const name of Object.keys(headers)) {
    const field = name.toLowerCase();
    if (field in fields) throw wrong("header given twice: " + field);
    if (/[\x00-\x1f\x7f\ud800-\udfff]/u.test(headers[name])) throw wrong("header value: " + field);
    fields[field] = headers[name];
  }
  return fields;
}

function octetsOf(body: unknown): Uint8Array | null {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return null;
}

/** checkJSON is a replacer of JSON.stringify: it refuses what that would drop, empty or turn into null. */
function checkJSON(name: string, value: unknown): unknown {
  const type = typeof value;
  if (type === "function" || type === "symbol") throw wrong("body: a " + type);
  if (type === "number" && !isFinite(value as number)) throw wrong("body: " + value);
  if (halfCharacter.test(name) || (type === "string" && halfCharacter.test(value as string))) throw wrong("body: half a character");
  if (value && type === "object" && !Array.isArray(value) && !isPlain(value as object)) {
    throw wrong("body: " + Object.prototype.toString.call(value) + " is not plain JSON");
  }
  return value;
}

/** jsonOf copies a body: a retry sends the same write, whatever the page does to its object meanwhile. */
function jsonOf(body: unknown): unknown {
  const text = JSON.stringify(body, checkJSON);
  if (text === undefined) throw wrong("body: nothing came of it");
  return JSON.parse(text);
}

/**
 * prepare checks the call's form as far as a page can get it wrong; the route's own rules are the gateway's.
 * Whatever it throws is bad_call: nothing has been sent.
 */
export function prepare(method: string, path: string, body: unknown, options: CallOptions): Prepared {
  try {
    return prepared(method, path, body, options);
  } catch (error) {
    // A cycle, a BigInt, a page's own toJSON, half a character in a query's name.
    throw asPosternError(error, "bad_call");
  }
}

function prepared(method: string, path: string, body: unknown, options: CallOptions): Prepared {
  if (typeof method !== "string" || !/^[A-Za-z]+$/.test(method)) throw wrong("method");
  if (typeof path !== "string" || !/^\/[^?#\s\\]*$/.test(path)) throw wrong("path: it starts with / and has no ?, # or space");
  if (halfCharacter.test(path)) throw wrong("path: half a character");
  const call: Prepared = {
    method: method.toUpperCase(),
    // Octets above 7F travel as upper-case %XX (protocol section 6).
    path: path.replace(/[^\x00-\x7f]+/g, encodeURIComponent),
    query: queryText(options.query),
    headers: headerFields(options.headers),
  };
  const octets = octetsOf(body);
  if (octets) {
    call.body_b64 = base64(octets);
    call.headers["content-type"] = call.headers["content-type"] || "application/octet-stream";
  } else if (body !== undefined && body !== null) {
    call.body = jsonOf(body);
  }
  return call;
}

/** isWrite says whether the gateway forwards the call at most once (protocol section 6, replays). */
export function isWrite(call: Prepared): boolean {
  return call.method !== "GET" && call.method !== "HEAD";
}

/** toReply reads the plaintext of a reply. */
export function toReply(opened: Opened): Reply {
  const { status, headers, body, body_b64, consent_required } = opened.message;
  const text = memberText(opened.text, "body");
  return {
    status,
    headers: headers && typeof headers === "object" ? headers : {},
    body: body === null ? undefined : body,
    text: text === "null" ? undefined : text,
    bodyBase64: typeof body_b64 === "string" ? body_b64 : undefined,
    consentRequired: Array.isArray(consent_required) ? consent_required : [],
  };
}
