/** Base64url without padding, strict as protocol section 2 wants it: no padding, no white space, no non-zero trailing bits. */

/** Bytes over memory of their own, which is what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
// String.fromCharCode takes its octets as arguments, and engines bound their number.
const chunk = 0x8000;

/** base64 is standard base64 with padding: the form of body_b64 (protocol section 6). */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += chunk) {
    binary += String.fromCharCode.apply(null, bytes.subarray(at, at + chunk) as unknown as number[]);
  }
  return btoa(binary);
}

export function encode(bytes: Uint8Array): string {
  return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** decode returns null for anything that encode would not have written. */
export function decode(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const rest = text.length % 4;
  if (rest === 1) return null;
  const last = alphabet.indexOf(text.charAt(text.length - 1));
  if ((rest === 2 && last & 15) || (rest === 3 && last & 3)) return null;
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** randomBytes draws from the browser's generator. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** newID draws a jti: 16 random octets as 22 characters (protocol section 2). */
export function newID(): string {
  return encode(randomBytes(16));
}

/** utf8 encodes text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

/** sha256 hashes text and returns base64url. */
export async function sha256(text: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));
}
