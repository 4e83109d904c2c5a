/** What can go wrong between us and a Netmaker server. Messages say what, where, and what to do. */
import { FlowtrailError } from "@flowtrail/model";

export type NetmakerErrorData =
  /** Operator: the token file can't be read or holds no token. */
  | { code: "NETMAKER_TOKEN_FILE"; path: string }
  /** Operator: the file of certificates can't be read. */
  | { code: "NETMAKER_CA_FILE"; path: string }
  /** Environment: no answer came. `reason`: an errno, `timeout`, or what TLS says. */
  | { code: "NETMAKER_NETWORK"; url: string; reason: string }
  /** An answer that is none of 2xx. */
  | { code: "NETMAKER_STATUS"; url: string; status: number; retryAfterMs: number | null }
  /** An answer that is not what it should be: no JSON, too large, another shape. */
  | { code: "NETMAKER_ANSWER"; url: string };

export class NetmakerError extends FlowtrailError<NetmakerErrorData> {}

export const TOKEN_ADVICE =
  "make an access token of a user with the role auditor (in the dashboard: Users → that user → Access tokens, or POST " +
  "/api/v1/users/access_token)";

/** Translates an error of node:http. */
export function networkError(cause: unknown, url: string, timeoutMs: number): NetmakerError {
  const error = cause as NodeJS.ErrnoException;
  const timedOut = error.name === "TimeoutError" || (error.cause as Error | undefined)?.name === "TimeoutError";
  const reason = timedOut ? "timeout" : (error.code ?? error.message);
  return new NetmakerError({ code: "NETMAKER_NETWORK", url, reason }, `${url}: ${sentence(reason, timeoutMs, error)}`, { cause });
}

function sentence(reason: string, timeoutMs: number, error: Error): string {
  switch (reason) {
    case "timeout":
      return `no whole answer within ${timeoutMs / 1000} s`;
    case "ECONNREFUSED":
      return "nothing listens there (ECONNREFUSED): is Netmaker up, and is inventory.netmaker.url right?";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name can't be resolved (${reason}): is inventory.netmaker.url right?`;
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return `its certificate is signed by nobody that is known here (${reason}): name its authority in inventory.netmaker.ca_file`;
    default:
      return error.message;
  }
}

/** @param said what the answer itself says, may be empty */
export function statusError(url: string, status: number, said: string, retryAfterMs: number | null): NetmakerError {
  const told = said === "" ? "" : ` ("${said}")`;
  return new NetmakerError(
    { code: "NETMAKER_STATUS", url, status, retryAfterMs },
    `${url} answers ${status}${told}${advice(status)}`,
  );
}

function advice(status: number): string {
  if (status === 401)
    return `: the token is not valid (any more): ${TOKEN_ADVICE} and put it into inventory.netmaker.token_file; it is read again with each poll`;
  if (status === 403) return `: the token's user may not read this: ${TOKEN_ADVICE}`;
  if (status === 404) return ": is inventory.netmaker.url the address of Netmaker's API, such as https://api.example.com?";
  if (status >= 300 && status < 400)
    return ": it sends us elsewhere, where the token must not go: give inventory.netmaker.url as the API's own address, such as https://api.example.com";
  return "";
}
