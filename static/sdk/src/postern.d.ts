/**
 * Postern H5 SDK, protocol version 1. Load postern.js as the page's first script; it defines window.Postern.
 */
declare namespace Postern {
  /** The protocol's version. */
  const version: string;

  /**
   * Opens the page's visit: from the address (#at=), or from what the last load of this tab left. While a
   * visit lives, every call gives the same one; after a failure it tries again with the same access token.
   * Rejects with PosternError only.
   */
  function open(options: OpenOptions): Promise<Visit>;

  interface OpenOptions {
    /** The gateway's issuer, e.g. "https://gateway.bank.example". */
    gateway: string;
    /** The page's service, e.g. "urn:h5:loan". */
    service: string;
    /** Refuse access tokens of any other suite. */
    suite?: "A256";
    /**
     * What may outlive a load of the page. "indexeddb" (default): R as a key that cannot be read out, or
     * memory where IndexedDB is missing. "session": sessionStorage instead of memory then; only if the
     * service allows it. "memory": nothing; a reload ends the visit.
     */
    storage?: "indexeddb" | "session" | "memory";
    /** The visitor's clock in milliseconds since 1970, for tests. */
    now?: () => number;
  }

  interface Visit {
    /** The visit's identifier, to be named to support. */
    readonly id: string;
    /** Show both before the page takes any input. */
    readonly clientName: string;
    readonly subjectHint: string;
    readonly scope: string[];
    readonly env: "sandbox" | "production";
    /** The way back to the partner's app, from the verified access token; null when there is none. */
    readonly returnTo: string | null;
    /** End of the present ticket by the gateway's clock. Calls renew it by themselves. */
    readonly expiresAt: Date;

    /**
     * Sends one business call. The upstream's answer is a Reply, whatever its status; what the gateway
     * refuses, and what the network loses, is a PosternError. Reads are repeated once when the network fails,
     * writes never: see PosternError.retry.
     *
     * The body is plain JSON, copied when the call is made, or octets as ArrayBuffer or a view of one. Anything
     * else (Blob, FormData, URLSearchParams, Map, BigInt, a cycle) is bad_call, and nothing is sent.
     */
    call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
    /**
     * Lists what the visitor is asked to agree to, for each of the visit's scopes that demands consent, and
     * what was given. Without consent the scope's fields of class C2 and C3 do not arrive.
     */
    consents(): Promise<Consent[]>;
    /**
     * Gives the visitor's consent to the text that consents() last gave for the scope: call it after the
     * visitor has read that text and agreed. `consent_stale`: another text is asked for; list and show again.
     */
    consent(scope: string): Promise<Consent[]>;
    /** Takes consent back, at once and on every node. No fault where none was given. */
    withdrawConsent(scope: string): Promise<Consent[]>;
    /** Fetches a fresh ticket now. */
    renew(): Promise<void>;
    /** Ends the visit, here at once and at the gateway; true when the gateway confirmed it. Never rejects. */
    close(): Promise<boolean>;
    /** Follows returnTo; call it in the handler of a tap. False when there is nowhere to go or no tap. */
    goBack(): boolean;
    /** Calls the listener once when the visit ends, or at once when it has ended. */
    onEnd(listener: (reason: EndReason) => void): void;
  }

  interface Consent {
    readonly scope: string;
    /** Of the text. */
    readonly version: number;
    /** One line that heads the question, and what the visitor agrees to; an empty line parts paragraphs. */
    readonly purpose: { readonly en: string; readonly zh: string };
    readonly text: { readonly en: string; readonly zh: string };
    /** For how many days consent is good; 0 is until it is withdrawn. */
    readonly days: number;
    readonly given: boolean;
    readonly givenAt: Date | null;
    readonly until: Date | null;
  }

  type EndReason = "closed" | "expired" | "invalid_vt" | "elsewhere";

  interface CallOptions {
    /** Text without the question mark, or names and values, which are percent-encoded. */
    query?: string | { [name: string]: string | number | boolean };
    headers?: { [name: string]: string };
    signal?: AbortSignal;
  }

  interface Reply {
    readonly status: number;
    /** Names in lower case. */
    readonly headers: { [name: string]: string };
    /** The JSON value; undefined when there is none. */
    readonly body: any;
    /** The JSON value as it was sent: numbers keep the digits that a double loses. */
    readonly text?: string;
    /** What is not JSON, in standard base64. */
    readonly bodyBase64?: string;
    /** Scopes that show less here than they do with the visitor's consent. */
    readonly consentRequired: string[];
  }

  class PosternError extends Error {
    readonly name: "PosternError";
    /** Stable; the list is in the SDK's documentation. */
    readonly code: string;
    /** Which of the cases behind one code it was; for logs. */
    readonly detail?: string;
    readonly status?: number;
    /** Show it to the visitor: support finds the visit by it. */
    readonly requestId?: string;
    /** With scope_denied: the missing permission. */
    readonly permission?: string;
    /** Seconds to wait. With a sealed `unavailable`: the service is closed, and opens again after so long. */
    readonly retryAfter?: number;
    /** What the code means, in English, for developers. */
    readonly help: string;
    /** True when it came out of a sealed answer. False: the SDK's own, or a hint in the clear. */
    readonly sealed: boolean;
    /** What became of a write: with replayed the gateway's word; "unknown" when no sealed answer arrived. */
    readonly first?: "running" | "done" | "unknown";
    /** The way back, once the access token has been verified; else null. */
    readonly returnTo: string | null;
    /**
     * Only on a write whose outcome is open: sends it again under the same jti. It is carried out at most
     * once; if it was, the answer is the error `replayed`, and `first` says what became of it. While that is
     * "running", the error can be asked again.
     */
    readonly retry?: (options?: { signal?: AbortSignal }) => Promise<Reply>;
    private constructor();
    /** As Visit.goBack, for pages that have no visit. */
    goBack(): boolean;
  }
}
