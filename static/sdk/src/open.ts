/** Opening: from an address or from what the last load left, to a visit (protocol sections 4 and 5). */

import { AccessToken, Expected, read, verify } from "./at";
import { decode, encode, newID, randomBytes, sha256 } from "./base64url";
import { Clock } from "./clock";
import { asPosternError, PosternError } from "./errors";
import { exchange } from "./exchange";
import { take } from "./fragment";
import { importR } from "./keywrap";
import { claim, hold, release } from "./lock";
import { requirePlatform, StorageMode } from "./platform";
import { Slot, Store, VisitRecord } from "./store";
import { ticketFields, Visit } from "./visit";

export interface OpenOptions {
  /** The gateway's issuer, e.g. https://gateway.bank.example. */
  gateway: string;
  /** The page's service, e.g. urn:h5:loan. */
  service: string;
  /** Refuse an AT of any other suite. */
  suite?: "A256";
  storage?: StorageMode;
  /** The visitor's clock, milliseconds since 1970; Date.now unless a test says otherwise. */
  now?: () => number;
}

/** One attempt to open. */
interface Opening extends Expected {
  store: Store;
  clock: Clock;
  wall: () => number;
}

let current: Promise<Visit> | null = null;

/**
 * open gives the page its visit. Asked again while it lives, it gives the same one; after a failure it
 * tries again with the same AT and R.
 */
export function open(options: OpenOptions): Promise<Visit> {
  if (!current) {
    const forget = () => {
      current = null;
    };
    current = begin(options).catch((error) => {
      // What else can throw here is WebCrypto, for want of an algorithm.
      throw asPosternError(error, "no_webcrypto");
    });
    current.then((visit) => visit.onEnd(forget), forget);
  }
  return current;
}

function checkOptions(options: OpenOptions): Required<OpenOptions> {
  const { gateway, service, suite = "A256", storage = "indexeddb", now = Date.now } = options || ({} as OpenOptions);
  const address = /^(https:\/\/[^\/?#@]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)[^?#]*$/;
  if (typeof gateway !== "string" || !address.test(gateway)) throw new PosternError("bad_options", { detail: "gateway" });
  if (typeof service !== "string" || !service) throw new PosternError("bad_options", { detail: "service" });
  if (["indexeddb", "session", "memory"].indexOf(storage) < 0) throw new PosternError("bad_options", { detail: "storage" });
  if (suite !== "A256") throw new PosternError("suite_unsupported", { detail: String(suite) });
  return { gateway: gateway.replace(/\/+$/, ""), service, suite, storage, now };
}

async function begin(options: OpenOptions): Promise<Visit> {
  const { gateway, service, storage, now } = checkOptions(options);
  requirePlatform(storage);
  const store = await Store.open(storage, service);
  const opening: Opening = { gateway, service, store, clock: new Clock(now), wall: now };
  void store.sweep(now() / 1000);

  const slot = store.slot(now());
  const mine = !slot.handle || (await hold(slot.handle));
  // A duplicated tab starts without a visit; the handle it was born with belongs to the other one.
  if (!mine) store.setSlot({});
  const compact = take();
  if (compact) return arrive(opening, mine ? slot : {}, compact);
  if (!mine) throw new PosternError("visit_elsewhere");
  return goOn(opening, slot);
}

/** goOn resumes after a reload: a visit, or an exchange whose answer never came. */
async function goOn(opening: Opening, slot: Slot): Promise<Visit> {
  const record = await stored(opening, slot);
  if (record) return resume(opening, record);
  if (slot.handle && slot.pending) return start(opening, slot, await read(slot.pending.at, opening));
  throw new PosternError("no_fragment");
}

/** arrive is a load of the address with an AT. */
async function arrive(opening: Opening, slot: Slot, compact: string): Promise<Visit> {
  const hash = await sha256(compact);
  const record = await stored(opening, slot);
  if (record && record.atHash === hash) return resume(opening, record);
  if (record) await replace(opening, record);
  else if (slot.handle && !isPending(slot, compact)) {
    release(slot.handle);
    opening.store.setSlot({ done: slot.done });
  }

  const at = await read(compact, opening);
  if (slot.done && slot.done.hash === hash) {
    await verify(at, opening);
    throw new PosternError(slot.done.code, { returnTo: at.returnTo });
  }
  if (isPending(slot, compact)) return start(opening, slot, at);
  const fresh: Slot = { handle: newID(), pending: { at: compact, r: encode(randomBytes(32)), since: opening.wall() } };
  opening.store.setSlot(fresh);
  await claim(fresh.handle!);
  return start(opening, fresh, at);
}

function isPending(slot: Slot, compact: string): boolean {
  return !!slot.pending && slot.pending.at === compact;
}

async function stored(opening: Opening, slot: Slot): Promise<VisitRecord | null> {
  if (!slot.handle) return null;
  const record = await opening.store.load(slot.handle);
  if (!record || record.gateway !== opening.gateway || record.service !== opening.service) return null;
  if (record.r) record.key = await importR(decode(record.r)!);
  return record.key ? record : null;
}

function resume(opening: Opening, record: VisitRecord): Promise<Visit> {
  opening.clock.resume(record.offset);
  return Visit.from(record, opening.store, opening.clock);
}

/** replace ends the old visit when another AT arrives; the gateway is told, the new visit does not wait for it. */
async function replace(opening: Opening, record: VisitRecord): Promise<void> {
  const clock = new Clock(opening.wall);
  clock.resume(record.offset);
  const old = await Visit.from(record, opening.store, clock);
  void old.close();
}

/** start exchanges the slot's AT for a visit. R leaves sessionStorage when E has answered, whatever it said. */
async function start(opening: Opening, slot: Slot, at: AccessToken): Promise<Visit> {
  const { store, clock, gateway, service } = opening;
  const r = decode(slot.pending!.r)!;
  try {
    const grant = await exchange(at, r, opening, clock);
    const record: VisitRecord = {
      ...ticketFields(grant, clock),
      handle: slot.handle!,
      gateway,
      service,
      key: await importR(r),
      r: store.keepsOctets ? slot.pending!.r : undefined,
      vid: grant.vid,
      atHash: at.hash,
      returnTo: at.returnTo,
      env: at.env,
      scope: grant.scope || "",
      clientName: grant.client_name || "",
      subjectHint: grant.subject_hint || "",
    };
    const kept = await store.save(record);
    store.setSlot(kept ? { handle: record.handle } : { done: { hash: at.hash, code: "visit_lost" } });
    return await Visit.from(record, store, clock);
  } catch (error) {
    throw giveUp(opening, slot, at, asPosternError(error, "network"));
  } finally {
    r.fill(0);
  }
}

/** giveUp keeps the exchange for another attempt unless its end is certain. */
function giveUp(opening: Opening, slot: Slot, at: AccessToken, failure: PosternError): PosternError {
  const final = failure.sealed ? !/^(unavailable|rate_limited|stale_request)$/.test(failure.code) : failure.code === "at_unverified";
  if (final) {
    // The same AT under another R would raise an alarm: remember that it has had its answer.
    const code = failure.code;
    opening.store.setSlot(failure.sealed ? { done: { hash: at.hash, code } } : {});
    release(slot.handle!);
  }
  return failure;
}
