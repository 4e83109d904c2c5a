/** What goes wrong on a command line, and how it is told: one clear message on stderr and an exit code that scripts can use. */
import { FlowtrailError } from "@flowtrail/model";

export type CliErrorData =
  | { code: "USAGE" }
  | { code: "SERVER_UNREACHABLE"; url: string }
  | { code: "SERVER_REFUSED"; url: string; status: number }
  | { code: "NO_SERVER"; data: string }
  | { code: "CHILD_FAILED"; program: string; exitCode: number | null };

export class CliError extends FlowtrailError<CliErrorData> {}

/** 0 fine · 1 failed · 2 wrong usage or config · 3 no privileges · 4 data or state directory · 5 kernel. */
export function reportAndExit(error: unknown, exitCode: number): never {
  const text =
    error instanceof FlowtrailError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`flowtrail: ${text}\n`);
  process.exit(exitCode);
}
