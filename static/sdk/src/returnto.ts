/** The way back to the partner's app (protocol section 4), taken from a verified AT and from nothing else. */

const refused = /^(http|javascript|data|blob|file|about|vbscript|view-source|content|intent|filesystem|ws|wss)$/;

/**
 * allowed returns the address when it is https with a host, or of an app's own scheme; null otherwise.
 * The gateway refuses any other when an application is registered. The page does not rely on that, for it
 * is the page that would run the address.
 */
export function allowed(address: unknown): string | null {
  if (typeof address !== "string" || /[\x00-\x20\x7f\\]/.test(address)) return null;
  const scheme = /^([a-z][a-z0-9.+-]*):./.exec(address);
  if (!scheme || refused.test(scheme[1])) return null;
  if (scheme[1] === "https" && !/^https:\/\/[^\/?#@]+([\/?#]|$)/.test(address)) return null;
  return address;
}

/** follow leaves for the address, only while the browser handles a tap (where it can tell). */
export function follow(address: string | null): boolean {
  const target = allowed(address);
  const activation = (navigator as any).userActivation;
  if (!target || (activation && !activation.isActive)) return false;
  location.assign(target);
  return true;
}
