/** The fragment #at=<AT> (protocol section 4). */

const form = /^#at=([A-Za-z0-9_.-]+)$/;

let taken: string | null = null;

/** capture takes the AT and clears the address, so that neither history nor a later script sees it. */
export function capture(): void {
  const match = form.exec(location.hash);
  if (!match) return;
  taken = match[1];
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** take hands the captured AT out once. */
export function take(): string | null {
  const at = taken;
  taken = null;
  return at;
}

/**
 * watch starts the page anew when the host loads the same address with another AT: for the browser that
 * is a step inside the document, and without this the old visit would go on under the new visitor's eyes.
 */
export function watch(): void {
  addEventListener("hashchange", () => {
    if (form.test(location.hash)) location.reload();
  });
}
