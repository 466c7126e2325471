/** What the unit tests reach into; the bundle of it is never served. */
export * as at from "../src/at";
export * as base64url from "../src/base64url";
export * as call from "../src/call";
export { Clock } from "../src/clock";
export * as ecdh from "../src/ecdh";
export * as envelope from "../src/envelope";
export * as errors from "../src/errors";
export * as http from "../src/http";
export * as json from "../src/json";
export * as keywrap from "../src/keywrap";
export * as returnto from "../src/returnto";
