/** The one error type of the SDK, with the codes of protocol section 7 and the SDK's own. */

import { follow } from "./returnto";

/** What a page's developer should know about each code. English, for logs and consoles, never for the visitor. */
const help: { [code: string]: string } = {
  // Preconditions: protocol section 4 asks the SDK to name what is missing.
  no_secure_context: "the page must be served over https (http only for localhost)",
  no_webcrypto: "this webView has no crypto.subtle",
  no_storage: "the host must switch DOM storage on",
  no_fragment: "the page was opened without #at= and holds no visit; open it from the partner's app",
  bad_options: "Postern.open was called with wrong options",
  bad_call: "the call is not well formed",
  // The visit cannot start or go on.
  at_unverified: "the access token is not one of the configured gateway's for this service",
  suite_unsupported: "the application's suite is not built into this SDK",
  visit_lost: "this access token opened a visit whose keys this page no longer holds",
  visit_elsewhere: "the visit lives in another tab",
  visit_closed: "the visit has ended",
  // The network.
  network: "no answer arrived",
  aborted: "the page gave the call up",
  foreign_answer: "the answer is not the gateway's answer to this request",
  // Protocol section 7.
  bad_envelope: "the gateway could not open the request",
  too_large: "the request is over the size limit",
  stale_request: "the page's idea of the gateway's time is wrong",
  replayed: "this request was received before; `first` says what became of it",
  invalid_at: "the access token is not valid or has expired",
  at_spent: "the access token was used already",
  origin_denied: "the service does not list this page's origin",
  invalid_vt: "the visit token is not valid, has expired, or was revoked or closed",
  not_active: "the partner, application or service is suspended or frozen",
  scope_denied: "no grant covers this call; `permission` names the missing one",
  customer_required: "the visitor must sign in first",
  consent_stale: "another consent is asked for than the page showed; list them again",
  no_route: "the service has no such route",
  rate_limited: "too many requests; wait `retryAfter` seconds",
  upstream_unavailable: "the system behind the gateway did not answer",
  upstream_timeout: "the system behind the gateway did not answer in time",
  unavailable: "the gateway cannot serve at the moment; sealed and with `retryAfter`: the service is closed for so long",
};

/** What became of the first request with this jti (protocol section 6). */
export type First = "running" | "done" | "unknown";

export interface Details {
  /** Which of the cases behind one code it was. */
  detail?: string;
  status?: number;
  requestId?: string;
  permission?: string;
  retryAfter?: number;
  first?: First;
  sealed?: boolean;
  returnTo?: string | null;
}

export class PosternError extends Error {
  readonly code: string;
  readonly detail?: string;
  readonly status?: number;
  readonly requestId?: string;
  readonly permission?: string;
  readonly retryAfter?: number;
  readonly help: string;
  /** True when it came out of a sealed answer; false: the SDK's own, or a hint in the clear. */
  readonly sealed: boolean;
  /** Set for a write whose outcome is open: the gateway's word, or "unknown" when none arrived. */
  first?: First;
  returnTo: string | null;
  /** Sends the same write again under the same jti: it is carried out at most once. */
  retry?: (options?: { signal?: AbortSignal }) => Promise<unknown>;

  constructor(code: string, details: Details = {}) {
    const text = help[code] || "the gateway refused the request";
    super(code + ": " + text + (details.detail ? " (" + details.detail + ")" : ""));
    this.name = "PosternError";
    this.code = code;
    this.detail = details.detail;
    this.status = details.status;
    this.requestId = details.requestId;
    this.permission = details.permission;
    this.retryAfter = details.retryAfter;
    this.first = details.first;
    this.help = text;
    this.sealed = !!details.sealed;
    this.returnTo = details.returnTo || null;
  }

  /** Leads the visitor back to the partner's app; call it from a tap. False when there is no way or no tap. */
  goBack(): boolean {
    return follow(this.returnTo);
  }
}

/** fromProblem reads a problem object of protocol section 7. */
export function fromProblem(problem: any, sealed: boolean, clear: { status: number; retryAfter?: number }): PosternError {
  const text = (value: any) => (typeof value === "string" ? value : undefined);
  const number = (value: any) => (typeof value === "number" && isFinite(value) ? value : undefined);
  const first = text(problem.first);
  return new PosternError(text(problem.code) || "foreign_answer", {
    status: number(problem.status) || clear.status,
    requestId: text(problem.request_id),
    permission: text(problem.permission),
    // Under seal only the gateway's own word counts: a page reads from it that the service is closed.
    retryAfter: number(problem.retry_after) || (sealed ? undefined : clear.retryAfter),
    first: sealed && (first === "running" || first === "done" || first === "unknown") ? first : undefined,
    detail: text(problem.title),
    sealed,
  });
}

/** asPosternError keeps the SDK's errors and names a stranger's. */
export function asPosternError(error: unknown, code: string): PosternError {
  return error instanceof PosternError ? error : new PosternError(code, { detail: String((error as any) && (error as any).message) });
}
