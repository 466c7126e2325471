/**
 * Where a visit waits for the next load of its page (protocol section 5): a handle and, until E has answered,
 * AT and R in sessionStorage; the visit itself, with R as a key nobody can read out, in IndexedDB.
 */

import { PosternError } from "./errors";
import { StorageMode } from "./platform";

/** An exchange under way: what a repeated D needs to be answered for the same visit. */
export interface Pending {
  at: string;
  /** R, base64url. */
  r: string;
  /** Visitor's clock, milliseconds. */
  since: number;
}

/** What the tab knows. */
export interface Slot {
  handle?: string;
  pending?: Pending;
  /** The last AT that opened a visit here and what came of it, so that it is not sent again under another R. */
  done?: { hash: string; code: string };
}

/** A visit at rest. */
export interface VisitRecord {
  handle: string;
  gateway: string;
  service: string;
  /** R as an HKDF key; absent in sessionStorage. */
  key?: CryptoKey;
  /** R, base64url; only in sessionStorage, where the service allows it. */
  r?: string;
  vt: string;
  vid: string;
  sid: string;
  /** Seconds the gateway's clock is ahead of the visitor's. */
  offset: number;
  /** Gateway's time, seconds. */
  expiresAt: number;
  renewUntil: number;
  lifetime: number;
  atHash: string;
  returnTo: string | null;
  env: string;
  scope: string;
  clientName: string;
  subjectHint: string;
}

const table = "visits";
/** IndexedDB of some webViews never answers the first open. */
const patience = 2000;
/** Seconds past renew_until at which a record counts as left behind by a closed tab; slack for clocks that were set. */
const forgetAfter = 3600;
/** An AT is good for 600 s and is answered again for 60 s more (protocol sections 3 and 5). */
const pendingLife = 660000;

const memory: { [name: string]: Slot } = {};

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function openDatabase(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(null);
    setTimeout(giveUp, patience);
    try {
      const request = indexedDB.open("postern", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(table, { keyPath: "handle" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = giveUp;
    } catch {
      giveUp();
    }
  });
}

export class Store {
  private constructor(
    private readonly mode: StorageMode,
    private readonly name: string,
    private readonly database: IDBDatabase | null,
  ) {}

  /** open finds what this webView offers within what the page allows. */
  static async open(mode: StorageMode, service: string): Promise<Store> {
    return new Store(mode, "postern:" + service, mode === "memory" ? null : await openDatabase());
  }

  /** slot returns what the tab knows. An exchange whose time has passed is forgotten here: its AT and R must not lie about. */
  slot(now: number): Slot {
    let slot: Slot = memory[this.name] || {};
    if (this.mode !== "memory") {
      try {
        slot = JSON.parse(sessionStorage.getItem(this.name) || "{}");
      } catch {
        slot = {};
      }
    }
    const age = slot.pending ? now - slot.pending.since : 0;
    if (age < 0 || age > pendingLife) {
      delete slot.pending;
      this.setSlot(slot);
    }
    return slot;
  }

  setSlot(slot: Slot): void {
    memory[this.name] = slot;
    try {
      if (this.mode !== "memory") sessionStorage.setItem(this.name, JSON.stringify(slot));
    } catch {
      throw new PosternError("no_storage", { detail: "full" });
    }
  }

  /** clearSlot forgets what the tab knows. It needs no space, and where there is no storage there is nothing to forget. */
  clearSlot(): void {
    delete memory[this.name];
    try {
      sessionStorage.removeItem(this.name);
    } catch {
      // Nothing was kept, then.
    }
  }

  /** keepsOctets says that a record needs R's octets, because no key object can be stored. */
  get keepsOctets(): boolean {
    return !this.database && this.mode === "session";
  }

  private transact(mode: IDBTransactionMode): IDBObjectStore {
    return this.database!.transaction(table, mode).objectStore(table);
  }

  /** save reports whether a reload will find the record. */
  async save(record: VisitRecord): Promise<boolean> {
    try {
      if (this.database) return await this.saveKey(record);
      if (this.keepsOctets && record.r) {
        sessionStorage.setItem("postern:" + record.handle, JSON.stringify({ ...record, key: undefined }));
        return true;
      }
    } catch {
      // Out of space, or a webView that cannot store keys: the visit goes on in memory.
    }
    return false;
  }

  private async saveKey(record: VisitRecord): Promise<boolean> {
    await settled(this.transact("readwrite").put({ ...record, r: undefined }));
    // WebKit wraps stored keys under one of the host app's keychain. Without it some versions throw here
    // (caught in save), and some report success and read back nothing.
    const kept = await this.load(record.handle);
    if (kept) return true;
    await this.remove(record.handle);
    return false;
  }

  async load(handle: string): Promise<VisitRecord | null> {
    try {
      if (!this.database) return JSON.parse(sessionStorage.getItem("postern:" + handle) || "null");
      const record = await settled(this.transact("readonly").get(handle));
      return record && record.key ? record : null;
    } catch {
      return null;
    }
  }

  async remove(handle: string): Promise<void> {
    try {
      sessionStorage.removeItem("postern:" + handle);
      if (this.database) await settled(this.transact("readwrite").delete(handle));
    } catch {
      // Nothing was kept, then.
    }
  }

  /** sweep deletes what tabs that were closed left behind. `now` is the visitor's clock, seconds. */
  async sweep(now: number): Promise<void> {
    if (!this.database) return;
    try {
      const records: VisitRecord[] = await settled(this.transact("readonly").getAll());
      const old = records.filter((record) => record && now + record.offset > record.renewUntil + forgetAfter);
      await Promise.all(old.map((record) => this.remove(record.handle)));
    } catch {
      // The next load sweeps again.
    }
  }
}
