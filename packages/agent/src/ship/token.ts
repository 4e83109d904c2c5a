/** This node's token, in a file so that it is in no process list and can be changed while the agent runs. */
import { readFileSync, statSync } from "node:fs";
import { ShipError } from "./errors.ts";

/** What a header may hold without quotes: RFC 6750 §2.1 (b64token). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Reads a token. Throws ShipError SHIP_TOKEN_FILE. */
export function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw tokenError(path, `can't be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, cause);
  }
  if (!TOKEN.test(token)) throw tokenError(path, token === "" ? "is empty" : "holds no token (one line, no spaces)");
  return token;
}

/** An enrolment token is told from an agent's own by how it begins. */
export function isEnrolToken(token: string): boolean {
  return token.startsWith("ft_enrol_");
}

/** What to say about a token file that everybody on the machine can read, or null. Throws errors of node:fs. */
export function tokenFileWarning(path: string): string | null {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o007) === 0) return null;
  return `every user of this machine can read or change the token file ${path} (mode ${mode.toString(8)}): chmod 600 ${path}`;
}

function tokenError(path: string, problem: string, cause?: unknown): ShipError {
  return new ShipError(
    { code: "SHIP_TOKEN_FILE", path },
    `the token file ${path} ${problem}. Make a token on the server with \`flowtrail token create --node NAME\` and put it there, readable for the agent's user`,
    { cause },
  );
}
