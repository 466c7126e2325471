/** Type-checked, never run: what postern.d.ts declares is what the sources are. */
import * as actual from "../src/index";

// The sources' retry answers unknown and their setters are theirs alone; everything else must fit as declared.
export const version: typeof Postern.version = actual.version;
export const open: (options: Postern.OpenOptions) => Promise<Omit<Postern.Visit, "env"> & { readonly env: string }> = actual.open;
export const failure: Omit<Postern.PosternError, "name" | "retry"> = new actual.PosternError("network");
