/** What the webView must offer, each with a name of its own when it is missing (protocol section 4). */

import { PosternError } from "./errors";

/** Where a visit lives between two loads of the page. */
export type StorageMode = "indexeddb" | "session" | "memory";

function hasSessionStorage(): boolean {
  const probe = "postern:probe";
  try {
    sessionStorage.setItem(probe, probe);
    const kept = sessionStorage.getItem(probe) === probe;
    sessionStorage.removeItem(probe);
    return kept;
  } catch {
    // Reading the property alone throws where DOM storage is off.
    return false;
  }
}

/** requirePlatform throws the first missing precondition. */
export function requirePlatform(storage: StorageMode): void {
  if (!self.isSecureContext) throw new PosternError("no_secure_context");
  if (!self.crypto || !crypto.subtle) throw new PosternError("no_webcrypto");
  if (storage !== "memory" && !hasSessionStorage()) throw new PosternError("no_storage");
}
