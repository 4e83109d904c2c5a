/** What a refused request means for the events that were in it. */
import type { Posted } from "../../outgoing/http-post.ts";
import type { SendResult } from "../ports.ts";

/** What was sent is wrong: RFC 9110 § 15.5.1, § 15.5.14, § 15.5.21. Any other code tells of the endpoint, of us or of the way there. */
const WRONG = new Set([400, 413, 422]);

export function refusal({ status, error, retryAfterMs }: Posted): SendResult {
  const message = error ?? "";
  if (status === null) return { kind: "not_now", reason: "unreachable", message, retryAfterMs };
  if (WRONG.has(status)) return { kind: "refused", reason: `http_${status}`, message };
  const reason = status === 401 || status === 403 ? "unauthorized" : `http_${status}`;
  return { kind: "not_now", reason, message, retryAfterMs };
}
