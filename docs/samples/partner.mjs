// A partner's back end in Node, over npm jose 6: it prints the address that the partner's
// app opens, AT and all. Suite A256.
//
//   npm install jose@6 && node partner.mjs
//
// It needs sig.private.pem and enc.private.pem, the private halves of the application's
// registered keys.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as jose from "jose";

const gateway = "https://gateway.bank.example"; // also the issuer
const client = "app_test_example";
const service = "urn:h5:example";
const keyID = "example-key-1"; // of the signature key

// B: the assertion says who asks (RFC 7523). It is good once, and for a minute.
const signing = await jose.importPKCS8(await readFile("sig.private.pem", "utf8"), "ES256");
const assertion = await new jose.SignJWT({ jti: randomBytes(16).toString("base64url") })
  .setProtectedHeader({ alg: "ES256", kid: keyID })
  .setIssuer(client).setSubject(client).setAudience(gateway)
  .setIssuedAt().setExpirationTime("60s")
  .sign(signing);

const response = await fetch(`${gateway}/oauth/token`, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    resource: service,
    subject: "user-7781", // your own opaque id of whoever is going to open the page
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  }),
});
const answer = await response.json();
if (!response.ok) {
  throw new Error(`${answer.error}: ${answer.error_description} (${answer.request_id})`);
}

// The AT is sealed to the application's own encryption key: the app never sees this one.
const opening = await jose.importPKCS8(await readFile("enc.private.pem", "utf8"), "ECDH-ES+A256KW");
const { plaintext } = await jose.compactDecrypt(answer.access_token, opening, {
  keyManagementAlgorithms: ["ECDH-ES+A256KW"],
  contentEncryptionAlgorithms: ["A256GCM"],
});

// C: the app opens this address in a webView, at once and once. Do not log it.
console.log(`${answer.h5_url}#at=${new TextDecoder().decode(plaintext)}`);
