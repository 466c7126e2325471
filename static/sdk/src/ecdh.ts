/** ECDH-ES on P-256 with the Concat KDF: RFC 7518 section 4.6, the A256 suite of protocol section 2. */

import { Bytes, utf8 } from "./base64url";

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

/** importPublic lets WebCrypto check that the point is on the curve. Members beyond the point confuse old Safaris. */
export function importPublic(key: ECPublic): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", { kty: key.kty, crv: key.crv, x: key.x, y: key.y }, curve, false, []);
}

/**
 * agree makes an ephemeral key pair and the key-wrapping key it shares with the recipient. The KDF's
 * AlgorithmID is the whole alg when the agreed key wraps another (RFC 7518 section 4.6.2).
 */
export async function agree(recipient: ECPublic): Promise<{ epk: ECPublic; wrappingKey: Bytes }> {
  const peer = await importPublic(recipient);
  const pair = (await crypto.subtle.generateKey(curve, true, ["deriveBits"])) as CryptoKeyPair;
  const z = await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, pair.privateKey, 256);
  const { kty, crv, x, y } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as any;
  const none = new Uint8Array(0);
  return { epk: { kty, crv, x, y }, wrappingKey: await concatKDF(new Uint8Array(z), "ECDH-ES+A256KW", 256, none, none) };
}
