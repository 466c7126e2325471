/** Compact JWE of the A256 suite, as strict as protocol section 2. */

import { Bytes, decode, encode, randomBytes, utf8 } from "./base64url";
import { agree, ECPublic } from "./ecdh";
import { PosternError } from "./errors";
import { contentKey, wrap } from "./keywrap";

const tagLength = 16;
const maxHeader = 4096;

/** An opened envelope: the plaintext as text, because a body's numbers keep their digits only there. */
export interface Opened {
  typ: string;
  text: string;
  message: any;
}

async function sealWith(header: object, encryptedKey: string, key: CryptoKey, plaintext: object): Promise<string> {
  const protectedHeader = encode(utf8(JSON.stringify(header)));
  const iv = randomBytes(12);
  const parameters = { name: "AES-GCM", iv, additionalData: utf8(protectedHeader), tagLength: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, key, utf8(JSON.stringify(plaintext))));
  const split = sealed.length - tagLength;
  return [protectedHeader, encryptedKey, encode(iv), encode(sealed.subarray(0, split)), encode(sealed.subarray(split))].join(".");
}

/** sealDirect seals under a key both sides hold: header {"typ","alg":"dir","enc"}. */
export function sealDirect(typ: string, key: CryptoKey, plaintext: object): Promise<string> {
  return sealWith({ typ, alg: "dir", enc: "A256GCM" }, "", key, plaintext);
}

/** sealTo seals to the AK, with R as the content key (protocol section 5, D). */
export async function sealTo(typ: string, ak: ECPublic & { kid: string }, r: Bytes, plaintext: object): Promise<string> {
  const { epk, wrappingKey } = await agree(ak);
  const encryptedKey = encode(await wrap(wrappingKey, r));
  const header = { typ, alg: "ECDH-ES+A256KW", enc: "A256GCM", kid: ak.kid, epk };
  return sealWith(header, encryptedKey, await contentKey(r), plaintext);
}

/** parseObject returns the object that the octets hold in UTF-8, or null. */
export function parseObject(octets: Uint8Array | null): { text: string; value: any } | null {
  if (!octets) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? { text, value } : null;
  } catch {
    return null;
  }
}

function foreign(detail: string): PosternError {
  return new PosternError("foreign_answer", { detail });
}

function isDirect(header: any): boolean {
  const members = Object.keys(header).sort().join();
  return members === "alg,enc,typ" && header.alg === "dir" && header.enc === "A256GCM";
}

/**
 * openDirect opens an answer. A page refuses another typ, an alg other than dir and another jti
 * (protocol section 7): all of them are foreign_answer.
 */
export async function openDirect(compact: string, key: CryptoKey, types: string[], jti: string): Promise<Opened> {
  const parts = compact.split(".");
  if (parts.length !== 5 || parts[1] !== "" || parts[0].length > (maxHeader * 4) / 3 + 2) throw foreign("form");
  const header = parseObject(decode(parts[0]));
  if (!header || !isDirect(header.value)) throw foreign("header");
  const typ = header.value.typ;
  if (types.indexOf(typ) < 0) throw foreign("typ");
  const [iv, ciphertext, tag] = parts.slice(2).map(decode);
  if (!iv || !ciphertext || !tag || iv.length !== 12 || tag.length !== tagLength) throw foreign("form");

  const sealed = new Uint8Array(ciphertext.length + tagLength);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  const parameters = { name: "AES-GCM", iv, additionalData: utf8(parts[0]), tagLength: 128 };
  let plaintext: ArrayBuffer;
  try {
    plaintext = await crypto.subtle.decrypt(parameters, key, sealed);
  } catch {
    throw foreign("tag");
  }
  const object = parseObject(new Uint8Array(plaintext));
  if (!object) throw foreign("plaintext");
  if (object.value.jti !== jti) throw foreign("jti");
  return { typ, text: object.text, message: object.value };
}
