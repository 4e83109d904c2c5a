/** What the server's answer to an upload means for the batch. Pure. */
import { z } from "zod";
import type { HttpAnswer } from "./http.ts";

export interface Rejection {
  readonly row: number;
  readonly code: string;
  readonly message: string;
}
export type Verdict =
  /** Durable on the server's side. */
  | { readonly kind: "accepted"; readonly accepted: number; readonly duplicate: number; readonly rejected: readonly Rejection[] }
  /** Send it in two halves. */
  | { readonly kind: "too_large" }
  /** The server will never take it. */
  | { readonly kind: "refused"; readonly why: string }
  /** The token is the problem, not the batch. */
  | { readonly kind: "unauthorized"; readonly why: string }
  /** What answers there is not a Flowtrail server, or not at this path. */
  | { readonly kind: "stranger"; readonly why: string }
  /** Try again; after `afterMs` if the server said so. */
  | { readonly kind: "later"; readonly why: string; readonly afterMs: number | null };

const accepted = z.object({
  accepted: z.number(),
  duplicate: z.number().default(0),
  rejected: z.array(z.object({ row: z.number(), code: z.string(), message: z.string() })).default([]),
});

export function judge(answer: HttpAnswer, nowMs: number): Verdict {
  const { status } = answer;
  const why = `HTTP ${status}${wordsOf(answer.body)}`;
  if (status === 200) return judgeSuccess(answer);
  if (status === 413) return { kind: "too_large" };
  if (status === 400 || status === 422) return { kind: "refused", why };
  if (status === 401 || status === 403) return { kind: "unauthorized", why };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: "later", why, afterMs: retryAfterMs(answer.headers["retry-after"], nowMs) };
  }
  return { kind: "stranger", why };
}

/** Rows are durable only if a Flowtrail server says so: a proxy's or portal's "200 OK" is not an acknowledgement. */
function judgeSuccess({ body }: HttpAnswer): Verdict {
  const result = accepted.safeParse(parseJson(body));
  if (result.success) return { kind: "accepted", ...result.data };
  return { kind: "stranger", why: `HTTP 200, but not a Flowtrail server's answer: ${JSON.stringify(body.slice(0, 100))}` };
}

/** The server's own words, if it has any that can be shown on one line. */
export function wordsOf(body: string): string {
  const json = parseJson(body) as { error?: unknown; message?: unknown } | null;
  const error = typeof json === "object" && json !== null ? (json.error ?? json.message) : null;
  const words = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
  const text = typeof words === "string" ? words : json === null ? body : "";
  return text.trim() === "" ? "" : ` (${text.trim().replaceAll(/\s+/g, " ").slice(0, 200)})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no JSON is one of the answers that the caller tells apart
  }
}

/** RFC 9110 §10.2.3: seconds or a date. Null if there is none that can be understood. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
