/** The requests of the SDK, with the fetch settings of protocol section 8, and the reading of sealed answers. */

import { Clock } from "./clock";
import { Opened, openDirect } from "./envelope";
import { fromProblem, PosternError } from "./errors";

/** Beyond this the answer counts as lost. Upstreams are given up by the gateway long before. */
const patience = 30000;
const maxRetryAfter = 86400;

export interface Answer {
  status: number;
  type: string;
  text: string;
  retryAfter?: number;
}

export interface PostOptions {
  /** The VT of the Authorization header. */
  vt?: string;
  signal?: AbortSignal;
  /** Lets the request outlive the page. */
  keepalive?: boolean;
}

async function request(url: string, init: RequestInit, signal?: AbortSignal): Promise<Answer> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    abort();
  }, patience);
  if (signal) signal.addEventListener("abort", abort);
  try {
    if (signal && signal.aborted) abort();
    const response = await fetch(url, { mode: "cors", credentials: "omit", redirect: "error", signal: controller.signal, ...init });
    const retryAfter = Number(response.headers.get("retry-after"));
    return {
      status: response.status,
      type: (response.headers.get("content-type") || "").split(";")[0].trim().toLowerCase(),
      text: await response.text(),
      retryAfter: retryAfter > 0 && retryAfter <= maxRetryAfter ? retryAfter : undefined,
    };
  } catch (error) {
    const detail = late ? "no answer in time" : String((error as Error).message);
    throw new PosternError(signal && signal.aborted ? "aborted" : "network", { detail });
  } finally {
    clearTimeout(timer);
    if (signal) signal.removeEventListener("abort", abort);
  }
}

/** post sends an envelope. */
export function post(url: string, envelope: string, options: PostOptions = {}): Promise<Answer> {
  const headers: { [name: string]: string } = { "Content-Type": "application/jose" };
  if (options.vt) headers["Authorization"] = "Visit " + options.vt;
  const init: RequestInit = { method: "POST", body: envelope, headers, cache: "no-store", keepalive: !!options.keepalive };
  return request(url, init, options.signal);
}

/** getJSON fetches a public document; `fresh` goes past the cache. Null when what came is not JSON. */
export async function getJSON(url: string, cache: "default" | "reload"): Promise<any> {
  const answer = await request(url, { cache });
  if (answer.status !== 200) throw new PosternError("network", { status: answer.status, detail: "keys" });
  try {
    return JSON.parse(answer.text);
  } catch {
    throw new PosternError("network", { detail: "keys" });
  }
}

/**
 * unseal opens the answer to the request `jti`, or throws what it says. Status and code come from inside;
 * a problem in the clear is a hint (protocol section 7).
 */
export async function unseal(answer: Answer, key: CryptoKey, typ: string, jti: string, clock: Clock): Promise<Opened> {
  if (answer.type === "application/jose") {
    const opened = await openDirect(answer.text, key, [typ, "error+jwe"], jti);
    clock.set(opened.message.server_time);
    if (opened.typ === typ) return opened;
    throw fromProblem(opened.message, true, answer);
  }
  if (answer.type === "application/problem+json") {
    let problem: any = null;
    try {
      problem = JSON.parse(answer.text);
    } catch {
      // Falls through: not a problem object after all.
    }
    if (problem && typeof problem === "object") throw fromProblem(problem, false, answer);
  }
  throw new PosternError("foreign_answer", { status: answer.status, detail: "content type" });
}
