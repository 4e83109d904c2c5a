/** What goes wrong on a command line, and how it is told: one clear message on stderr and an exit code that scripts can use. */
import { FlowtrailError } from "@flowtrail/model";

export type CliErrorData =
  | { code: "USAGE" }
  | { code: "SERVER_UNREACHABLE"; url: string }
  | { code: "SERVER_REFUSED"; url: string; status: number }
  | { code: "NO_SERVER"; data: string };

export class CliError extends FlowtrailError<CliErrorData> {}

/** Exit codes by error code: 2 wrong usage, configuration or address · 4 data directory or store · 1 everything else. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  CONFIG_FILE: 2,
  LISTEN: 2,
  INSECURE_ADDRESS: 2,
  DATA_DIR: 4,
  ENGINE_NOT_HERE: 4,
  ENGINE_DATA_DIR: 4,
  ENGINE_LOCKED: 4,
};

export function reportAndExit(error: unknown): never {
  const text =
    error instanceof FlowtrailError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`flowtrail: ${text}\n`);
  process.exit(error instanceof FlowtrailError ? (EXIT_CODES[error.code] ?? 1) : 1);
}
