/** The access token as the page sees it (protocol sections 3 and 4): read first, verified by the JWKS, then believed. */

import { Bytes, decode, sha256, utf8 } from "./base64url";
import { ECPublic, pointOf } from "./ecdh";
import { parseObject } from "./envelope";
import { PosternError } from "./errors";
import { getJSON } from "./http";
import { allowed } from "./returnto";

/** A read access token. Nothing of it may be shown or followed before verify has passed. */
export interface AccessToken {
  compact: string;
  /** SHA-256 of the compact form, base64url: tells one AT from another without keeping it. */
  hash: string;
  kid: string;
  ak: ECPublic & { kid: string };
  env: string;
  returnTo: string | null;
  signed: Bytes;
  signature: Bytes;
}

/** What the page's configuration says an AT must be for. */
export interface Expected {
  gateway: string;
  service: string;
}

function unverified(detail: string): PosternError {
  return new PosternError("at_unverified", { detail });
}

function checkHeader(header: any): void {
  if (header.typ !== "at+jwt") throw unverified("typ");
  if (header.alg === "SGD_SM3_SM2") throw new PosternError("suite_unsupported", { detail: "GM" });
  // A member this page does not know could change the token's meaning (RFC 7515 section 4.1.11).
  if (Object.keys(header).some((name) => ["typ", "alg", "kid", "cty"].indexOf(name) < 0)) throw unverified("header");
  if (header.alg !== "ES256" || typeof header.kid !== "string" || !header.kid) throw unverified("alg");
}

function checkAK(ak: any): void {
  const fits = ak && pointOf(ak) && ak.use === "enc" && ak.alg === "ECDH-ES+A256KW" && typeof ak.kid === "string" && ak.kid;
  if (!fits) throw unverified("ak");
}

/**
 * read takes an AT apart and checks what needs no key: form, typ, suite, iss, aud and AK. Neither exp nor
 * iat, for a visitor's clock proves nothing (protocol section 4).
 */
export async function read(compact: string, expected: Expected): Promise<AccessToken> {
  const parts = compact.split(".");
  const header = parseObject(decode(parts[0]));
  const claims = parseObject(decode(parts[1] || ""));
  const signature = decode(parts[2] || "");
  if (parts.length !== 3 || !header || !claims || !signature || signature.length !== 64) throw unverified("form");
  checkHeader(header.value);
  const { iss, aud, ak, env, return_to } = claims.value;
  if (iss !== expected.gateway) throw unverified("iss");
  if (aud !== expected.service) throw unverified("aud");
  checkAK(ak);
  return {
    compact,
    hash: await sha256(compact),
    kid: header.value.kid,
    ak,
    env: typeof env === "string" ? env : "",
    returnTo: allowed(return_to),
    signed: utf8(parts[0] + "." + parts[1]),
    signature,
  };
}

async function findKey(at: AccessToken, expected: Expected): Promise<any> {
  // An unknown kid may be a key younger than the cached set: once more, past the cache (protocol section 4).
  for (const cache of ["default", "reload"] as const) {
    const set = await getJSON(expected.gateway + "/.well-known/jwks.json", cache);
    const keys: any[] = set && Array.isArray(set.keys) ? set.keys : [];
    const key = keys.filter((each) => each && each.kid === at.kid)[0];
    if (key) return key;
  }
  throw unverified("kid");
}

/** verify checks the signature by the gateway's published keys: use sig, and the AT's own alg. */
export async function verify(at: AccessToken, expected: Expected): Promise<void> {
  const key = await findKey(at, expected);
  const point = pointOf(key);
  if (key.use !== "sig" || key.alg !== "ES256" || !point) throw unverified("key");
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  let good = false;
  try {
    const imported = await crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]);
    good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, at.signature, at.signed);
  } catch {
    throw unverified("key");
  }
  if (!good) throw unverified("signature");
}
