/** What goes wrong on a command line, and how it is told: one clear message on stderr and an exit code that scripts can use. */
import { FlowtrailError } from "@flowtrail/model";

export type CliErrorData =
  | { code: "USAGE" }
  | { code: "PLATFORM" }
  | { code: "SERVER_UNREACHABLE"; url: string }
  | { code: "SERVER_REFUSED"; url: string; status: number /** The server's own code. */; reason?: string }
  | { code: "NO_SERVER"; data: string }
  | { code: "REPLAY_FAILED"; id: string }
  /** Not all of an answer came. */
  | { code: "ANSWER_BROKEN"; url: string }
  /** Nothing was found, and that is what was asked about. */
  | { code: "NOTHING_FOUND" }
  /** Not all of an export came. */
  | { code: "EXPORT_BROKEN"; url: string }
  | { code: "SEED_FAILED" }
  | { code: "BACKUP_FAILED" }
  /** A Netmaker server, or the way to it. */
  | { code: "NETMAKER"; reason: string }
  | { code: "INTERRUPTED" }
  /** A file of the server's or the agent's that this user may not read or write. */
  | { code: "NO_ACCESS"; path: string; errno: string };

export class CliError extends FlowtrailError<CliErrorData> {}

/** For people; the agent has the same numbers (and 5, the kernel). */
export const EXIT_CODES_TEXT =
  "Exit codes: 0 done · 1 failed, or nothing was found (--fail-if-empty) · 2 wrong usage, filter, configuration or address · 3 privileges are missing, " +
  "or the server does not allow it · 4 data directory or store · 6 no server answers · 130 interrupted (Ctrl-C)";

export const EXIT_USAGE = 2;
const EXIT_NOT_ALLOWED = 3;
/** 128 + SIGINT, as shells tell it. */
export const EXIT_INTERRUPTED = 130;
/** What a server says of a question that is wrong. */
const WRONG_QUESTIONS: readonly string[] = ["BAD_FILTER", "BAD_QUERY", "BAD_TIME"];
/** By error code; 1 for everything else. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  USAGE: EXIT_USAGE,
  CONFIG_INVALID: 2,
  CONFIG_FILE: 2,
  LISTEN: 2,
  INSECURE_ADDRESS: 2,
  TLS_FILE: 2,
  TLS_MISMATCH: 2,
  LAB_BAD_NAME: 2,
  LAB_UNKNOWN_NODE: 2,
  LAB_UNKNOWN_SCENARIO: 2,
  LAB_NOT_ROOT: 3,
  NO_PRIVACY_KEY: 2,
  BAD_PRIVACY_KEY: 2,
  DATA_DIR: 4,
  NO_ACCESS: 4,
  BAD_FILTER: 2,
  SERVER_UNREACHABLE: 6,
  NO_SERVER: 6,
  INTERRUPTED: EXIT_INTERRUPTED,
  ENGINE_NOT_HERE: 4,
  ENGINE_DATA_DIR: 4,
  ENGINE_LOCKED: 4,
};

/** Tells a person what is wrong. Where the stack is shown, it is a mistake of ours. */
export function reportAndExit(error: unknown): never {
  const text = textOf(error);
  // Nothing found is no mistake.
  if (text !== "") process.stderr.write(`flowtrail: ${text}\n`);
  process.exit(exitCodeOf(error));
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError && error.data.code === "SERVER_REFUSED") {
    const { status, reason = "" } = error.data;
    return status === 401 || status === 403 ? EXIT_NOT_ALLOWED : WRONG_QUESTIONS.includes(reason) ? EXIT_USAGE : 1;
  }
  return error instanceof FlowtrailError ? (EXIT_CODES[error.code] ?? 1) : 1;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What the system refused (EACCES, ENOSPC, …) says itself what and where.
  const { syscall } = error as NodeJS.ErrnoException;
  return error instanceof FlowtrailError || syscall !== undefined ? error.message : (error.stack ?? error.message);
}

/** Reads or writes a file of the server's or the agent's. @throws CliError NO_ACCESS */
export function withAccess<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code: errno = "UNKNOWN", syscall } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    const text = `${path}: ${errno}. Run this as the user whose it is (sudo?), or name another directory with --data or --state`;
    throw new CliError({ code: "NO_ACCESS", path, errno }, text, { cause });
  }
}

/** As agents take `--node`. @throws CliError USAGE */
export function checkNodeName(node: string): void {
  if (/^[\w.:@-]{1,128}$/.test(node)) return;
  const expected = "expected a name of up to 128 letters, digits and _ . : @ -";
  throw new CliError({ code: "USAGE" }, `--node ${JSON.stringify(node)}: ${expected}`);
}
