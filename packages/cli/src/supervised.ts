/** A child process of `flowtrail up`: started again when it dies, with growing pauses; ended with us. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const END_WITH_STDIN = "FLOWTRAIL_END_WITH_STDIN";

/** In a supervised child: the supervisor is gone when stdin ends; stop as if asked to. */
export function endWithParent(): void {
  if (process.env[END_WITH_STDIN] !== "1") return;
  process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
  // What we start ourselves has a stdin of its own.
  delete process.env[END_WITH_STDIN];
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A child that lived this long is thought healthy: its next death starts with the shortest pause again. */
const HEALTHY_AFTER_MS = 60_000;

export interface SupervisedOptions {
  /** Exit codes that trying again can't mend (wrong config, no privileges). */
  readonly finalCodes: readonly number[];
  onFinal(exitCode: number): void;
  log(message: string): void;
}

export class Supervised {
  readonly name: string;
  readonly #argv: readonly string[];
  readonly #options: SupervisedOptions;
  #child: ChildProcess | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #retry: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(name: string, argv: readonly string[], options: SupervisedOptions) {
    this.name = name;
    this.#argv = argv;
    this.#options = options;
  }

  start(): void {
    const startedMs = Date.now();
    // Its own process group: Ctrl-C in a terminal reaches us alone, and we stop the children in order.
    // The pipe on its stdin ends when we die, however we die: then it stops by itself (see `endWithParent`).
    const env = { ...process.env, [END_WITH_STDIN]: "1" };
    const child = spawn(process.execPath, [MAIN, ...this.#argv], { stdio: ["pipe", "inherit", "inherit"], detached: true, env });
    this.#child = child;
    child.on("exit", (code, signal) => {
      this.#child = null;
      if (!this.#stopping) this.#onDeath(code, signal, Date.now() - startedMs);
    });
  }

  #onDeath(code: number | null, signal: NodeJS.Signals | null, livedMs: number): void {
    if (code !== null && this.#options.finalCodes.includes(code)) {
      this.#options.onFinal(code);
      return;
    }
    if (livedMs > HEALTHY_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.log(`${this.name} ended (${signal ?? `exit code ${code}`}); starting it again in ${this.#pauseMs / 1000} s`);
    this.#retry = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Asks the child to stop and waits for it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#retry) clearTimeout(this.#retry);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }

  /** For the second Ctrl-C: no more patience. */
  kill(): void {
    this.#stopping = true;
    this.#child?.kill("SIGKILL");
  }
}
