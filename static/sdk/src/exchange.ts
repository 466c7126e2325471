/** D and E: the page exchanges its AT for a visit (protocol sections 4 and 5). */

import { AccessToken, Expected, verify } from "./at";
import { Bytes, newID } from "./base64url";
import { Clock } from "./clock";
import { sealTo } from "./envelope";
import { asPosternError, PosternError } from "./errors";
import { Answer, post, unseal } from "./http";
import { contentKey } from "./keywrap";

/** Milliseconds between the attempts when no answer arrives. */
const pauses = [300, 1200];

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** patiently repeats what the network lost, and nothing else. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (const wait of pauses) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PosternError) || error.code !== "network") throw error;
    }
    await pause(wait);
  }
  return attempt();
}

/** What E and a renewal say of a ticket. */
export interface Grant {
  vt: string;
  vid: string;
  sid: string;
  expires_in: number;
  renew_until: number;
  scope?: string;
  client_name?: string;
  subject_hint?: string;
}

const identifier = /^[A-Za-z0-9_-]{22}$/;
// RFC 9110 section 11.2 token68, and the bound of protocol section 5.
const ticketForm = /^[A-Za-z0-9._~+\/-]{1,4096}=*$/;

/** checkGrant refuses a ticket that could not be used. */
export function checkGrant(message: any): Grant {
  const good =
    ticketForm.test(message.vt) &&
    identifier.test(message.vid) &&
    identifier.test(message.sid) &&
    message.expires_in > 0 &&
    message.renew_until > 0;
  if (!good) throw new PosternError("foreign_answer", { detail: "plaintext" });
  return message;
}

/** sealRequest seals D. An AK that is no point of the curve is the token's fault, anything else the browser's. */
async function sealRequest(at: AccessToken, r: Bytes, plaintext: object): Promise<string> {
  try {
    return await sealTo("vt-req+jwe", at.ak, r, plaintext);
  } catch (error) {
    const fault = (error as Error).name === "DataError" ? "at_unverified" : "no_webcrypto";
    throw new PosternError(fault, { detail: "ak: " + (error as Error).message });
  }
}

/**
 * exchange sends D and returns what E grants. D may leave while the JWKS is on its way, but nothing of E is
 * looked at before the AT is verified. A lost answer is asked for again with the same AT, R and envelope:
 * the gateway answers for the same visit.
 */
export async function exchange(at: AccessToken, r: Bytes, expected: Expected, clock: Clock): Promise<Grant> {
  const jti = newID();
  const envelope = await sealRequest(at, r, { at: at.compact, jti, iat: clock.iat() });
  const url = expected.gateway + "/gateway/v1/visit-tokens";
  const sent: Promise<{ answer?: Answer; lost?: unknown }> = patiently(() => post(url, envelope)).then(
    (answer) => ({ answer }),
    (lost) => ({ lost }),
  );

  await patiently(() => verify(at, expected));
  try {
    const { answer, lost } = await sent;
    if (!answer) throw lost;
    const opened = await unseal(answer, await contentKey(r), "vt-resp+jwe", jti, clock);
    return checkGrant(opened.message);
  } catch (error) {
    throw Object.assign(asPosternError(error, "network"), { returnTo: at.returnTo });
  }
}
