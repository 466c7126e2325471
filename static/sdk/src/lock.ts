/**
 * One page at a time holds a visit. A duplicated tab gets a copy of sessionStorage, and with it the handle;
 * the lock on the handle is what tells the copy from the original (protocol section 5).
 */

/** Milliseconds: a reload may ask before the document it replaces has let go. */
const grace = 800;
/** Milliseconds another tab has to answer where Web Locks are missing. */
const answerTime = 300;

interface Held {
  release: () => void;
}

const held: { [handle: string]: Held } = {};
const lost: { [handle: string]: () => void } = {};

function viaLocks(name: string): Promise<Held | null> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), grace);
    const granted = () => {
      clearTimeout(timer);
      return new Promise<void>((release) => resolve({ release }));
    };
    (navigator as any).locks.request(name, { signal: controller.signal }, granted).catch((error: any) => {
      clearTimeout(timer);
      if (error && error.name === "AbortError") resolve(null);
      else reject(error);
    });
  });
}

/**
 * viaStorage serves webViews without Web Locks (Safari before 15.4): who holds the handle answers a
 * question that a storage event carries to it.
 */
function viaStorage(name: string, wait: number): Promise<Held | null> {
  return new Promise((resolve) => {
    let holding = false;
    const answer = (event: StorageEvent) => {
      if (event.key === name + "?" && event.newValue && holding) {
        localStorage.setItem(name + "!", event.newValue);
        localStorage.removeItem(name + "!");
      }
      if (event.key === name + "!" && event.newValue && !holding) finish(false);
    };
    const finish = (free: boolean) => {
      clearTimeout(timer);
      holding = free;
      const release = () => removeEventListener("storage", answer);
      if (!free) release();
      resolve(free ? { release } : null);
    };
    const timer = setTimeout(() => finish(true), wait);
    addEventListener("storage", answer);
    localStorage.setItem(name + "?", String(Math.random()));
    localStorage.removeItem(name + "?");
  });
}

async function acquire(handle: string, wait: number): Promise<boolean> {
  const name = "postern:" + handle;
  let got: Held | null;
  try {
    got = await ((navigator as any).locks ? viaLocks(name) : viaStorage(name, wait));
  } catch {
    // Neither way works in this webView, and a webView has no tabs to duplicate.
    got = { release: () => undefined };
  }
  if (got) held[handle] = got;
  return !!got;
}

/** hold takes the lock for the life of the page; false when another page holds it. */
export function hold(handle: string): Promise<boolean> {
  return held[handle] ? Promise.resolve(true) : acquire(handle, answerTime);
}

/** claim takes the lock on a handle just drawn, which no other page can hold. */
export async function claim(handle: string): Promise<void> {
  await acquire(handle, 0);
}

/** onLost names what to do when the page comes back from the back/forward cache and the lock has gone elsewhere. */
export function onLost(handle: string, listener: () => void): void {
  lost[handle] = listener;
}

/** release lets go. */
export function release(handle: string): void {
  if (held[handle]) held[handle].release();
  delete held[handle];
  delete lost[handle];
}

/** keepAcrossPages lets go while the page sleeps in the back/forward cache, so that the next page may resume the visit. */
export function keepAcrossPages(): void {
  let asleep: string[] = [];
  addEventListener("pagehide", () => {
    asleep = Object.keys(held);
    asleep.forEach((handle) => {
      held[handle].release();
      delete held[handle];
    });
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    asleep.forEach(async (handle) => {
      if (!(await hold(handle)) && lost[handle]) lost[handle]();
    });
  });
}
