/** What can go wrong between us and the server. */
import { FlowtrailError } from "@flowtrail/model";

export type ShipErrorData =
  /** Environment: no answer came. `reason`: an errno, `timeout` or `cut off`. */
  | { code: "SHIP_NETWORK"; url: string; reason: string }
  /** Operator: the token file can't be read or holds no token. */
  | { code: "SHIP_TOKEN_FILE"; path: string }
  /** Operator: a file of certificates, or of the key, can't be read or used. */
  | { code: "SHIP_TLS_FILE"; path: string }
  /** The enrolment token was not changed for one of the agent's own yet. */
  | { code: "SHIP_NOT_ENROLLED" }
  /** Operator: the server does not take the enrolment token. */
  | { code: "SHIP_ENROL_REFUSED"; status: number };

export class ShipError extends FlowtrailError<ShipErrorData> {}

/** Translates an error of node:http. Whoever aborted knows it. */
export function networkError(cause: unknown, url: string, timeoutMs: number): ShipError {
  const error = cause as NodeJS.ErrnoException;
  const timedOut = error.name === "TimeoutError" || (error.cause as Error | undefined)?.name === "TimeoutError";
  const reason = timedOut ? "timeout" : (error.code ?? error.message);
  return new ShipError({ code: "SHIP_NETWORK", url, reason }, `${url}: ${sentence(reason, timeoutMs, error)}`, { cause });
}

function sentence(reason: string, timeoutMs: number, error: Error): string {
  switch (reason) {
    case "timeout":
      return `no answer within ${timeoutMs / 1000} s`;
    case "ECONNREFUSED":
      return "nothing listens there (ECONNREFUSED)";
    case "ECONNRESET":
      return "the connection was cut off (ECONNRESET)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name can't be resolved (${reason})`;
    default:
      return error.message;
  }
}
