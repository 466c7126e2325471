/** A visit: sealed calls, renewal and end (protocol section 6). */

import { newID } from "./base64url";
import { CallOptions, isWrite, Prepared, prepare, Reply, toReply } from "./call";
import { Clock } from "./clock";
import { Consent, toConsents } from "./consent";
import { Opened, sealDirect } from "./envelope";
import { asPosternError, PosternError } from "./errors";
import { checkGrant, Grant } from "./exchange";
import { post, PostOptions, unseal } from "./http";
import { deriveKeys } from "./keywrap";
import { onLost, release } from "./lock";
import { follow } from "./returnto";
import { Store, VisitRecord } from "./store";

/** Why a visit ended. */
export type EndReason = "closed" | "expired" | "invalid_vt" | "elsewhere";

/** Renew this long before the end, in seconds, or at a third of a shorter life. */
const renewAhead = 60;

/** One VT with its keys. Several of a visit may live at once; a call keeps the one it left with. */
interface Ticket {
  vt: string;
  up: CryptoKey;
  down: CryptoKey;
}

/** The sealed requests of a visit: where they go, and the types of the request and of its answer. */
interface Kind {
  path: string;
  typ: string;
  answer: string;
}

const calls: Kind = { path: "calls", typ: "call+jwe", answer: "reply+jwe" };
const consenting: Kind = { path: "consents", typ: "consent+jwe", answer: "reply+jwe" };
const renewal: Kind = { path: "visit-tokens/renew", typ: "renew+jwe", answer: "vt-resp+jwe" };
const closing: Kind = { path: "visit-tokens/close", typ: "close+jwe", answer: "reply+jwe" };

/** What has been tried for one call, so that nothing is tried twice. */
interface Tried {
  stale?: boolean;
  renewed?: boolean;
  anew?: boolean;
}

async function ticketOf(record: VisitRecord): Promise<Ticket> {
  return { vt: record.vt, ...(await deriveKeys(record.key!, record.sid)) };
}

/** isSealed says that the gateway itself gave this code, and not somebody on the way. */
function isSealed(error: PosternError, code: string): boolean {
  return error.sealed && error.code === code;
}

/**
 * isLost says that no answer arrived, or only the one to a second sending: browsers repeat a POST by
 * themselves when a connection breaks, and the gateway has answered the first.
 */
function isLost(failure: PosternError): boolean {
  return failure.code === "network" || isSealed(failure, "replayed");
}

/** notify keeps a listener's fault from the visit and gives it to the page's own handler of errors. */
function notify(listener: (reason: EndReason) => void, reason: EndReason): void {
  try {
    listener(reason);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

export class Visit {
  // Truly private: what a page logs or reports of its visit must not hold VT or R.
  readonly #record: VisitRecord;
  readonly #store: Store;
  readonly #clock: Clock;
  #ticket: Ticket;
  /** The first reason wins. */
  #ended: EndReason | null = null;
  #renewing: Promise<void> | null = null;
  /** The versions of the texts that the page got to show, by scope. */
  #shown: { [scope: string]: number } = {};
  readonly #listeners: Array<(reason: EndReason) => void> = [];

  private constructor(record: VisitRecord, ticket: Ticket, store: Store, clock: Clock) {
    this.#record = record;
    this.#ticket = ticket;
    this.#store = store;
    this.#clock = clock;
    onLost(record.handle, () => this.end("elsewhere"));
  }

  /** from starts a visit from its record, whose key must be set. */
  static async from(record: VisitRecord, store: Store, clock: Clock): Promise<Visit> {
    return new Visit(record, await ticketOf(record), store, clock);
  }

  get clientName(): string {
    return this.#record.clientName;
  }

  get subjectHint(): string {
    return this.#record.subjectHint;
  }

  get scope(): string[] {
    return this.#record.scope.split(" ").filter(Boolean);
  }

  get env(): string {
    return this.#record.env;
  }

  get returnTo(): string | null {
    return this.#record.returnTo;
  }

  get id(): string {
    return this.#record.vid;
  }

  /** By the gateway's clock. */
  get expiresAt(): Date {
    return new Date(this.#record.expiresAt * 1000);
  }

  /** goBack leads the visitor back to the partner's app; call it from a tap. */
  goBack(): boolean {
    return follow(this.#record.returnTo);
  }

  /** onEnd registers a listener, called once; at once when the visit has ended already. */
  onEnd(listener: (reason: EndReason) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#listeners.push(listener);
  }

  /** call sends one business call. Any status of the upstream is a Reply; the gateway's refusals are errors. */
  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Reply> {
    return this.perform(prepare(method, path, body, options), newID(), options.signal);
  }

  /** perform sends a call. `again` says that it was sent under this jti before, with an unknown end. */
  private async perform(call: Prepared, jti: string, signal?: AbortSignal, again = false): Promise<Reply> {
    await this.freshen();
    const tried: Tried = {};
    for (;;) {
      const ticket = this.#ticket;
      try {
        const opened = await this.send(calls, ticket, { jti, ...call }, { signal });
        await this.adoptFrom(opened.message);
        return toReply(opened);
      } catch (error) {
        const failure = asPosternError(error, "network");
        if (!(await this.recover(failure, tried, ticket, !isWrite(call)))) throw this.explain(failure, call, jti, again);
        // A read may be asked anew; a write goes out again under its own jti or not at all.
        if (tried.anew) jti = newID();
      }
    }
  }

  /** recover removes the cause of a failure once, where that is safe; true: send again. */
  private async recover(failure: PosternError, tried: Tried, used: Ticket, repeatable: boolean): Promise<boolean> {
    if (isSealed(failure, "stale_request") && !tried.stale) {
      // unseal has set the clock from this very answer. The jti was not used yet, so a write keeps it.
      return (tried.stale = true);
    }
    if (failure.code === "invalid_vt" && !tried.renewed) {
      tried.renewed = true;
      if (used !== this.#ticket) return true;
      return this.renewOrEnd();
    }
    if (isLost(failure) && repeatable && !tried.anew) return (tried.anew = true);
    return false;
  }

  /** consents lists what the visit's person is asked to agree to. */
  consents(): Promise<Consent[]> {
    return this.askConsent({ action: "list" });
  }

  /** consent gives the person's consent to the text that consents() last gave for the scope. */
  async consent(scope: string): Promise<Consent[]> {
    const version = this.#shown[scope];
    // Nobody agrees to what nobody was shown.
    if (!version) throw new PosternError("bad_call", { detail: "consents() gave no text for " + scope });
    return this.askConsent({ action: "give", scope, version });
  }

  /** withdrawConsent takes it back. */
  async withdrawConsent(scope: string): Promise<Consent[]> {
    return this.askConsent({ action: "withdraw", scope });
  }

  /** askConsent may repeat everything: to give or withdraw twice is to do it once. */
  private async askConsent(message: object): Promise<Consent[]> {
    await this.freshen();
    const tried: Tried = {};
    for (;;) {
      const ticket = this.#ticket;
      try {
        const answer = (await this.send(consenting, ticket, { jti: newID(), ...message }, {})).message;
        const list = toConsents(answer);
        list.forEach((each) => (this.#shown[each.scope] = each.version));
        await this.adoptFrom(answer, ticket);
        if (answer.vt && this.#ticket.vt !== answer.vt) await this.lookAgain();
        return list;
      } catch (error) {
        const failure = asPosternError(error, "network");
        failure.returnTo = this.#record.returnTo;
        if (failure.code === "consent_stale") this.#shown = {};
        if (!(await this.recover(failure, tried, ticket, true))) throw failure;
      }
    }
  }

  /** lookAgain renews a ticket that came while consent was on its way, and may not know of it. */
  private async lookAgain(): Promise<void> {
    const never = () => undefined; // what was given counts, whatever becomes of the ticket
    // A renewal under way may have been answered before.
    if (this.#renewing) await this.#renewing.catch(never);
    await this.renew().catch(never);
  }

  /** renewOrEnd reacts to invalid_vt: expired tickets renew, dead visits end. */
  private async renewOrEnd(): Promise<boolean> {
    if (!this.renewable()) {
      this.end("expired");
      return false;
    }
    try {
      await this.renew();
      return true;
    } catch {
      // renew has ended the visit if it must end; the call's own failure is what the page needs to see.
      return false;
    }
  }

  /** explain adds what the page can do about a failed call. */
  private explain(failure: PosternError, call: Prepared, jti: string, again: boolean): PosternError {
    failure.returnTo = this.#record.returnTo;
    // Nothing in the clear proves that a write did or did not happen (protocol section 7). What refuses a
    // second sending before the jti is looked at, such as the end of the service's hours, says nothing of the first.
    const open = again ? !isSealed(failure, "replayed") : !failure.sealed && failure.code !== "visit_closed";
    if (isWrite(call) && (open || failure.first === "running")) {
      failure.first = failure.first || "unknown";
      failure.retry = (options = {}) => this.perform(call, jti, options.signal, true);
    }
    return failure;
  }

  private async send(kind: Kind, ticket: Ticket, message: object & { jti: string }, options: PostOptions): Promise<Opened> {
    if (this.#ended && kind !== closing) throw new PosternError("visit_closed", { detail: this.#ended });
    const { jti, ...rest } = message;
    const envelope = await sealDirect(kind.typ, ticket.up, { jti, iat: this.#clock.iat(), ...rest });
    const url = this.#record.gateway + "/gateway/v1/" + kind.path;
    const answer = await post(url, envelope, { ...options, vt: ticket.vt });
    return unseal(answer, ticket.down, kind.answer, jti, this.#clock);
  }

  private renewable(): boolean {
    return this.#clock.now() < this.#record.renewUntil;
  }

  /** freshen renews before a call when the ticket is about to end. */
  private async freshen(): Promise<void> {
    const left = this.#record.expiresAt - this.#clock.now();
    if (this.#ended || left > Math.min(renewAhead, this.#record.lifetime / 3) || !this.renewable()) return;
    try {
      await this.renew();
    } catch (error) {
      // While the ticket lives the call can go out on it.
      if (left <= 0 || this.#ended) throw error;
    }
  }

  /** renew fetches a fresh ticket; those who ask at the same time share one renewal. */
  renew(): Promise<void> {
    if (!this.#renewing) {
      const done = () => (this.#renewing = null);
      this.#renewing = this.renewNow();
      this.#renewing.then(done, done);
    }
    return this.#renewing;
  }

  private async renewNow(): Promise<void> {
    const ticket = this.#ticket;
    const tried: Tried = {};
    for (;;) {
      try {
        const opened = await this.send(renewal, ticket, { jti: newID() }, {});
        const grant = checkGrant(opened.message);
        if (grant.vid !== this.#record.vid) throw new PosternError("foreign_answer", { detail: "vid" });
        // A sign-in may have brought a better ticket meanwhile; this one does not know the customer.
        await this.adopt(grant, ticket);
        return;
      } catch (error) {
        const failure = asPosternError(error, "network");
        failure.returnTo = this.#record.returnTo;
        if (isSealed(failure, "stale_request") && !tried.stale) tried.stale = true;
        else if (isLost(failure) && !tried.anew) tried.anew = true;
        else {
          if (failure.code === "invalid_vt" && this.#ticket === ticket) this.end("invalid_vt");
          throw failure;
        }
      }
    }
  }

  /** adoptFrom switches to the ticket that an answer carries: of a sign-in (protocol section 6, the customer) or about consents. */
  private async adoptFrom(message: any, instead?: Ticket): Promise<void> {
    if (message.vt === undefined) return;
    const { vid, renewUntil, expiresAt } = this.#record;
    const renew_until = message.renew_until || this.#clock.now() + message.expires_in + (renewUntil - expiresAt);
    let grant: Grant;
    try {
      grant = checkGrant({ ...message, vid, renew_until });
    } catch {
      // The reply counts: the call was carried out. The visit goes on with the ticket it has.
      return;
    }
    await this.adopt(grant, instead);
  }

  /** adopt switches to a fresh ticket, unless another one has taken the place of `instead` meanwhile. */
  private async adopt(grant: Grant, instead?: Ticket): Promise<void> {
    const fields = ticketFields(grant, this.#clock);
    const ticket = await ticketOf({ ...this.#record, ...fields });
    if (instead && this.#ticket !== instead) return;
    Object.assign(this.#record, fields);
    this.#ticket = ticket;
    if (!this.#ended) await this.#store.save(this.#record);
  }

  /** close ends the visit, here at once and at the gateway; true when the gateway said so. */
  async close(): Promise<boolean> {
    const ticket = this.#ticket;
    this.end("closed");
    for (const keepalive of [true, false]) {
      try {
        // keepalive first: pages close and leave in one breath. Old webViews cannot combine it with CORS.
        const opened = await this.send(closing, ticket, { jti: newID() }, { keepalive });
        return opened.message.status === 204;
      } catch (error) {
        if (isSealed(error as PosternError, "invalid_vt")) return true;
      }
    }
    return false;
  }

  /**
   * end forgets the visit in this page; it throws nothing. Its AT's hash stays, so that a reload of the address
   * is not an alarm.
   */
  private end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = reason;
    if (reason !== "elsewhere") {
      void this.#store.remove(this.#record.handle);
      try {
        this.#store.setSlot({ done: { hash: this.#record.atHash, code: "visit_closed" } });
      } catch {
        // No space for the hash. The handle must go all the same.
        this.#store.clearSlot();
      }
    }
    release(this.#record.handle);
    this.#listeners.splice(0).forEach((listener) => notify(listener, reason));
  }
}

/** ticketFields are the members of a record that a fresh ticket changes. */
export function ticketFields(grant: Grant, clock: Clock) {
  return {
    vt: grant.vt,
    sid: grant.sid,
    lifetime: grant.expires_in,
    expiresAt: clock.now() + grant.expires_in,
    renewUntil: grant.renew_until,
    offset: clock.offset(),
  };
}
