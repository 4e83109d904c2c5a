/** The command line as a person or a script runs it: another process, its output, its exit code. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { until } from "./bed.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const FLOWTRAIL = here("../../../packages/cli/src/main.ts");
export const FLOWTRAIL_BIN = here("../../../packages/cli/bin/flowtrail.js");
/** As the program's own (packages/cli/bin): most of what a short command takes. */
const NODE_COMPILE_CACHE = here("../../../packages/cli/.cache/compiled");

export interface CliOptions {
  /** What runs it: `ip netns exec …`, `setpriv …`. */
  readonly prefix?: readonly string[];
  /** Default: this Node on main.ts. */
  readonly program?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run of `flowtrail …`. */
export class Cli {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  #isGone = false;

  constructor(args: readonly string[], { prefix = [], program = [process.execPath, FLOWTRAIL], env = {} }: CliOptions = {}) {
    const [command = "", ...rest] = [...prefix, ...program, ...args];
    const child = spawn(command, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      // Nothing of the developer's own settings.
      env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: process.env.HOME, NODE_COMPILE_CACHE, ...env },
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      // "exit" and not "close": children of a killed parent may hold the pipes for a moment.
      child.once("exit", (code, signal) => {
        this.#isGone = true;
        setImmediate(() => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
      });
    });
  }

  /** `ip netns exec` and `setpriv` end in execvp: it is the program's own. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until it has said it; fails at once if it ends before. */
  async says(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const found = () => pattern.exec(this.stdout + this.stderr)?.[0];
    await until(
      `it says ${pattern}`,
      timeoutMs,
      () => {
        if (found() === undefined && this.#isGone)
          throw new Error(`it ended without saying ${pattern}: ${this.stdout}${this.stderr}`);
        return found() !== undefined;
      },
      () => `it said: ${this.stdout}${this.stderr}`,
    );
    return found() ?? "";
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#isGone) this.#child.kill(signal);
  }

  /** Asks it to end, if it has not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.signal(signal);
    return this.ended;
  }
}

/** Runs a command to its end. */
export const flowtrail = (args: readonly string[], options: CliOptions = {}): Promise<Ended> => new Cli(args, options).ended;

/**
 * What every refusal is: the exit code that the help tells, a message on stderr that says all of `patterns`, nothing on stdout that a script could
 * take for a result, and no stack trace.
 */
export function expectRefusal({ code, signal, stdout, stderr }: Ended, exitCode: number, ...patterns: readonly RegExp[]): void {
  expect({ code, signal, stdout }, stderr).toEqual({ code: exitCode, signal: null, stdout: "" });
  for (const pattern of patterns) expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/^\s+at .+[:)]\d*/m);
}
