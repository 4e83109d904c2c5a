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
  return new ShipError(
    { code: "SHIP_NETWORK", url, reason },
    `${url}: ${sentence(reason, timeoutMs, error)}${hint(reason, url)}`,
    { cause },
  );
}

/** What Node's TLS servers, and some others, do to whoever shows no certificate, or a bad one: no more than that is heard of it. */
function hint(reason: string, url: string): string {
  if (reason !== "ECONNRESET" || !url.startsWith("https:")) return "";
  return ". A server that asks agents for a certificate does this to one that shows none, or a bad one: --cert-file and --key-file";
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
    case "CERT_HAS_EXPIRED":
      return "the server's certificate has expired (CERT_HAS_EXPIRED): renew it there, or correct this machine's clock";
    case "CERT_NOT_YET_VALID":
      return "the server's certificate is not valid yet (CERT_NOT_YET_VALID): is this machine's clock right?";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the server's certificate is for another name (${reason}): ${error.message}`;
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_SIGNATURE_FAILURE":
      return `nobody that this agent trusts vouches for the server's certificate (${reason}): give it the certificate of who does with --ca-file`;
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
    case "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA":
    case "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE":
    case "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE":
    case "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE":
    case "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE":
    case "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED":
    case "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED":
      return `the server wants a certificate of this agent, and does not take what it shows (${reason}): --cert-file and --key-file`;
    default:
      return error.message;
  }
}
