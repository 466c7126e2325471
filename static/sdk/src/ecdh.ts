/** ECDH-ES on P-256 with the Concat KDF: RFC 7518 section 4.6, the A256 suite of protocol section 2. */

import { Bytes, decode, encode, utf8 } from "./base64url";

/** The public half of an EC key as a JWK. */
export interface ECPublic {
  kty: string;
  crv: string;
  x: string;
  y: string;
}

const curve = { name: "ECDH", namedCurve: "P-256" };

function lengthPrefixed(data: Uint8Array): number[] {
  const length = data.length;
  return [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255].concat(Array.prototype.slice.call(data));
}

/**
 * concatKDF derives `bits` (at most 256) from Z: one round of SHA-256 over counter, Z and OtherInfo
 * (RFC 7518 section 4.6.2, appendix C).
 */
export async function concatKDF(z: Uint8Array, algorithm: string, bits: number, apu: Bytes, apv: Bytes): Promise<Bytes> {
  const input = [0, 0, 0, 1].concat(
    Array.prototype.slice.call(z),
    lengthPrefixed(utf8(algorithm)),
    lengthPrefixed(apu),
    lengthPrefixed(apv),
    [0, 0, (bits >>> 8) & 255, bits & 255],
  );
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(input));
  return new Uint8Array(digest, 0, bits / 8);
}

/**
 * pointOf gives a P-256 key as an uncompressed point (SEC 1 section 2.3.3), null when its form is wrong. Points
 * and not JWKs go in and out of WebCrypto: Safari 11 wrote JWKs that others refused, and `use` troubles many.
 */
export function pointOf(key: ECPublic): Bytes | null {
  if (key.kty !== "EC" || key.crv !== "P-256" || typeof key.x !== "string" || typeof key.y !== "string") return null;
  const x = decode(key.x);
  const y = decode(key.y);
  if (!x || !y || x.length !== 32 || y.length !== 32) return null;
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(x, 1);
  point.set(y, 33);
  return point;
}

/**
 * agree makes an ephemeral key pair and the key-wrapping key it shares with the recipient. The KDF's
 * AlgorithmID is the whole alg when the agreed key wraps another (RFC 7518 section 4.6.2).
 */
export async function agree(recipient: ECPublic): Promise<{ epk: ECPublic; wrappingKey: Bytes }> {
  const peer = await crypto.subtle.importKey("raw", pointOf(recipient)!, curve, false, []);
  const pair = (await crypto.subtle.generateKey(curve, true, ["deriveBits"])) as CryptoKeyPair;
  const z = await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, pair.privateKey, 256);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const epk = { kty: "EC", crv: "P-256", x: encode(point.subarray(1, 33)), y: encode(point.subarray(33)) };
  const none = new Uint8Array(0);
  return { epk, wrappingKey: await concatKDF(new Uint8Array(z), "ECDH-ES+A256KW", 256, none, none) };
}
