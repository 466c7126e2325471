/** The H5 SDK: window.Postern. Load it as the page's first script. */

import { capture, watch } from "./fragment";
import { keepAcrossPages } from "./lock";

export { PosternError } from "./errors";
export { open } from "./open";

/** The protocol's version, which is also the one in the script's address. */
export const version = "1";

// At load, not at open: a later script must not find the AT in the address.
capture();
watch();
keepAcrossPages();
