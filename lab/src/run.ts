/** Runs a program to its end. */
import { spawn } from "node:child_process";
import { LabError } from "./errors.ts";

export interface RunOptions {
  input?: string | Uint8Array;
  env?: NodeJS.ProcessEnv;
  /** Kills the program with SIGKILL after this long. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs it and returns what came of it, whatever the exit code.
 * @throws LabError LAB_COMMAND_FAILED only if it could not be started
 */
export function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: "pipe",
      env: options.env ?? process.env,
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: "SIGKILL" as const }),
      ...(options.signal ? { signal: options.signal, killSignal: "SIGKILL" as const } : {}),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A program that does not read its input to the end closes the pipe; its exit code says whether that was an error.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", (cause) => {
      // An abort also comes here; then "close" follows with what was written so far.
      if (child.pid === undefined) reject(failed(argv, null, cause.message, cause));
    });
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** @throws LabError LAB_COMMAND_FAILED if it ends with anything but 0 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(argv, options);
  if (result.code !== 0)
    throw failed(argv, result.code, result.stderr.trim() || result.stdout.trim() || `ended by ${result.signal}`);
  return result.stdout;
}

function failed(argv: readonly string[], exitCode: number | null, stderr: string, cause?: Error): LabError {
  return new LabError(
    { code: "LAB_COMMAND_FAILED", argv: [...argv], exitCode, stderr },
    `\`${argv.join(" ")}\` failed: ${stderr}`,
    { cause },
  );
}
