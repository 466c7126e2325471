// Shared by the unit tests: the bundle under test, the vectors, and an independent JWE reader on node:crypto.
import { readFile } from "node:fs/promises";
import { createDecipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";

export const sdk = await import(process.env.POSTERN_SDK_INTERNALS);
const folder = new URL("../testdata/", import.meta.url);
const load = async (name) => JSON.parse(await readFile(new URL(name, folder), "utf8"));

export const visit = await load("visit/a256.json");
export const appendixC = await load("rfc/rfc7518_appendix_c.json");

export const octets = (text) => new Uint8Array(Buffer.from(text, "base64url"));
export const fromHex = (text) => new Uint8Array(Buffer.from(text, "hex"));
export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
export const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export const contentKey = (text) => sdk.keywrap.contentKey(octets(text));

/** openWith opens a compact JWE under a raw 256-bit content key. */
export function openWith(compact, key) {
  const [header, , iv, ciphertext, tag] = compact.split(".");
  const cipher = createDecipheriv("aes-256-gcm", key, octets(iv));
  cipher.setAAD(Buffer.from(header));
  cipher.setAuthTag(octets(tag));
  return JSON.parse(Buffer.concat([cipher.update(octets(ciphertext)), cipher.final()]).toString("utf8"));
}

/** unwrapWith unwraps the content key of an ECDH-ES+A256KW envelope with a private JWK. */
export function unwrapWith(compact, jwk) {
  const [header, wrapped] = compact.split(".");
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  const publicKey = createPublicKey({ key: json(header).epk, format: "jwk" });
  const z = diffieHellman({ privateKey, publicKey });
  const length = (n) => Buffer.from([0, 0, 0, n]);
  const info = Buffer.concat([length(14), Buffer.from("ECDH-ES+A256KW"), length(0), length(0), Buffer.from([0, 0, 1, 0])]);
  const wrappingKey = createHash("sha256").update(Buffer.concat([length(1), z, info])).digest();
  const cipher = createDecipheriv("id-aes256-wrap", wrappingKey, Buffer.from("a6a6a6a6a6a6a6a6", "hex"));
  return Buffer.concat([cipher.update(octets(wrapped)), cipher.final()]);
}

/** reseal changes an envelope's header and seals its plaintext again, so that only the header is at fault. */
export async function reseal(header, key, plaintext) {
  const { createCipheriv, randomBytes } = await import("node:crypto");
  const head = part(header);
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, "", iv.toString("base64url"), sealed.toString("base64url"), cipher.getAuthTag().toString("base64url")].join(".");
}
