/** The server's API, as the page uses it. Credentials are the session's cookie, which scripts cannot read. */
import type { FlowJson } from "@flowtrail/model";
import type { FlowPage, Health, OneFlow, Viewer } from "./api-types.ts";
import { ApiError, type Problem } from "./errors.ts";

/** One page of rows, newest start first. `params`: as `GET /api/flows` takes them. Throws ApiError. */
export function fetchFlows(params: URLSearchParams, signal?: AbortSignal): Promise<FlowPage> {
  return call<FlowPage>("GET", `/api/flows?${params}`, undefined, signal);
}

/** One row with the other reports of its connection. Throws ApiError (404: not there, or not there any more). */
export function fetchFlow(key: FlowKey, signal?: AbortSignal): Promise<OneFlow> {
  return call<OneFlow>("GET", flowPath(key), undefined, signal);
}

export function fetchHealth(signal?: AbortSignal): Promise<Health> {
  return call<Health>("GET", "/api/health", undefined, signal);
}

/** Who the page's session belongs to. Throws ApiError SIGN_IN without one. */
export function fetchViewer(signal?: AbortSignal): Promise<Viewer> {
  return call<Viewer>("GET", "/api/auth/me", undefined, signal);
}

/** Changes a one-time code or an API token into a session. */
export function signIn(code: string): Promise<unknown> {
  return call("POST", "/api/auth/signin", { code });
}

export function signOut(): Promise<unknown> {
  return call("POST", "/api/auth/signout", {});
}

/** Switches the generator of sample traffic. */
export function setSample(on: boolean): Promise<unknown> {
  return call("POST", "/api/sample", { on });
}

/** What names one row for ever. */
export interface FlowKey {
  readonly reporter: string;
  readonly flowId: string;
}

export function flowKey(flow: Pick<FlowJson, "reporter" | "flow_id">): FlowKey {
  return { reporter: flow.reporter, flowId: String(flow.flow_id) };
}

/** Where the API tells it. */
export function flowPath({ reporter, flowId }: FlowKey): string {
  return `/api/flows/${encodeURIComponent(reporter)}/${flowId}`;
}

/** One request of any feature. Throws ApiError, and the signal's reason when it was left. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new ApiError({ code: "UNREACHABLE", path }, "The server does not answer.", { cause });
  });
  const text = await response.text();
  const answer = jsonOf(text || "null");
  if (!response.ok && !isHealth(answer)) throw refusal(path, response.status, answer);
  if (answer !== undefined) return answer as T;
  throw new ApiError(
    { code: "REFUSED", path, status: response.status, reason: "NO_JSON" },
    "The server's answer cannot be read.",
  );
}

/** What to do when the session seems to be over or to be good for less, wherever it is noticed. */
let whenTurnedAway: () => void = () => {};
export function onTurnedAway(work: () => void): void {
  whenTurnedAway = work;
}

/** A server that is not well says so with 503, and tells what is wrong all the same. */
function isHealth(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "status" in answer;
}

interface Refused {
  readonly code?: string;
  readonly message?: string;
  readonly details?: { readonly problems?: readonly Problem[] };
}

/** What an answer that is none says. */
export async function refusalOf(path: string, response: Response): Promise<ApiError> {
  return refusal(path, response.status, jsonOf((await response.text()) || "null"));
}

function refusal(path: string, status: number, answer: unknown): ApiError {
  const { code, message, details } = (answer as { error?: Refused } | null | undefined)?.error ?? {};
  // What asks about the session itself gets its answer.
  if ((status === 401 || status === 403) && !path.startsWith("/api/auth/")) whenTurnedAway();
  if (status === 401) return new ApiError({ code: "SIGN_IN", path }, message ?? "You are not signed in.");
  // What stands in front of a server that is away answers with a page of its own.
  if (status === 502 || status === 504) return new ApiError({ code: "UNREACHABLE", path }, "The server does not answer.");
  const reason = code ?? `HTTP_${status}`;
  const problems = details?.problems === undefined ? {} : { problems: details.problems };
  return new ApiError(
    { code: "REFUSED", path, status, reason, ...problems },
    message ?? `The server answered with status ${status}.`,
  );
}

/** Undefined if it is no JSON: proxies answer with pages of their own. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
