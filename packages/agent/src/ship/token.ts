/** This node's token, in a file so that it is in no process list and can be changed while the agent runs. */
import { readFileSync, statSync } from "node:fs";
import { ShipError } from "./errors.ts";

/** Reads a token. Throws ShipError SHIP_TOKEN_FILE. */
export function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw tokenError(path, `can't be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, cause);
  }
  // What a header may hold without quotes: RFC 6750 §2.1 (b64token).
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token))
    throw tokenError(path, token === "" ? "is empty" : "holds no token (one line, no spaces)");
  return token;
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

/** Read anew for each upload, so that a changed file is taken at once; read now, so that a wrong one is told at the start. Throws ShipError. */
export function tokenSource(path: string | undefined): () => string | null {
  if (path === undefined) return () => null;
  readToken(path);
  return () => readToken(path);
}
