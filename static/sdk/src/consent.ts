/** What a person is asked to agree to, and what the gateway says of it. */

import { PosternError } from "./errors";

/** The same in the page's two languages. */
export interface Words {
  en: string;
  zh: string;
}

export interface Consent {
  scope: string;
  /** Of the text; consent is to this version and no other. */
  version: number;
  purpose: Words;
  text: Words;
  /** For how many days consent is good; 0 is until it is withdrawn. */
  days: number;
  given: boolean;
  givenAt: Date | null;
  until: Date | null;
}

function dateOf(seconds: any): Date | null {
  return seconds > 0 ? new Date(seconds * 1000) : null;
}

/** toConsents reads the list in an answer. */
export function toConsents(message: any): Consent[] {
  if (!Array.isArray(message.consents)) throw new PosternError("foreign_answer", { detail: "plaintext" });
  return message.consents.map((each: any) => ({
    scope: each.scope,
    version: each.version,
    purpose: each.purpose,
    text: each.text,
    days: each.days,
    given: each.given === true,
    givenAt: dateOf(each.given_at),
    until: dateOf(each.until),
  }));
}
