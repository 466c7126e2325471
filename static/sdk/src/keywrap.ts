/** AES key wrap, RFC 3394, and the keys of a visit by HKDF, RFC 5869. */

import { Bytes, utf8 } from "./base64url";

/** wrap wraps a 256-bit key; 40 octets. WebCrypto wraps key objects, so the octets travel as an AES key. */
export async function wrap(wrappingKey: Bytes, key: Bytes): Promise<Bytes> {
  const wrapper = await crypto.subtle.importKey("raw", wrappingKey, "AES-KW", false, ["wrapKey"]);
  const content = await crypto.subtle.importKey("raw", key, "AES-GCM", true, ["encrypt"]);
  return new Uint8Array(await crypto.subtle.wrapKey("raw", content, wrapper, "AES-KW"));
}

/** importR keeps R as a key that derives and cannot be read out again (protocol section 5). */
export function importR(r: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", r, "HKDF", false, ["deriveKey"]);
}

/** contentKey makes an AES-256-GCM key of 32 octets. */
export function contentKey(octets: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", octets, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function deriveOne(r: CryptoKey, sid: string, info: string, usage: KeyUsage): Promise<CryptoKey> {
  const parameters = { name: "HKDF", hash: "SHA-256", salt: utf8(sid), info: utf8(info) };
  return crypto.subtle.deriveKey(parameters, r, { name: "AES-GCM", length: 256 }, false, [usage]);
}

/** deriveKeys makes K_up and K_down of one ticket; the salt is the sid as sent, not decoded (protocol section 5). */
export async function deriveKeys(r: CryptoKey, sid: string): Promise<{ up: CryptoKey; down: CryptoKey }> {
  const [up, down] = await Promise.all([
    deriveOne(r, sid, "h5-access/v1 up", "encrypt"),
    deriveOne(r, sid, "h5-access/v1 down", "decrypt"),
  ]);
  return { up, down };
}
