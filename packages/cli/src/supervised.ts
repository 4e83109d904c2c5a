/** A child process of `flowtrail up`: started again when it dies, with growing pauses; ended with us. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { lifelineEnv } from "./lifeline.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A child that lived this long is thought healthy: its next death starts with the shortest pause again. */
const HEALTHY_AFTER_MS = 60_000;
/** What can't be started for a reason of its own has ended by then. */
const SETTLED_AFTER_MS = 3000;
/** Longer than agent and server need to hand over what they have. */
const STOP_MS = 30_000;

export interface SupervisedOptions {
  /** Exit codes that trying again can't mend (wrong config, no privileges). */
  readonly finalCodes: readonly number[];
  /** It has been running for a while, after the first start or another one. */
  onSettled(): void;
  /** It ended by itself. `final`: it is not started again. `exitCode`: null if a signal ended it. */
  onEnd(exitCode: number | null, final: boolean): void;
  log(message: string): void;
}

export class Supervised {
  readonly name: string;
  readonly #argv: readonly string[];
  readonly #options: SupervisedOptions;
  #child: ChildProcess | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(name: string, argv: readonly string[], options: SupervisedOptions) {
    this.name = name;
    this.#argv = argv;
    this.#options = options;
  }

  start(): void {
    const startedMs = Date.now();
    // A session of its own: Ctrl-C in a terminal reaches us alone, and we stop the children in order.
    const options = {
      stdio: ["pipe", "inherit", "inherit"] as ["pipe", "inherit", "inherit"],
      detached: true,
      env: lifelineEnv(),
    };
    const child = spawn(process.execPath, [MAIN, ...this.#argv], options);
    this.#child = child;
    this.#timer = setTimeout(() => this.#options.onSettled(), SETTLED_AFTER_MS);
    const gone = (code: number | null, how: string) => {
      if (this.#child !== child) return;
      this.#child = null;
      clearTimeout(this.#timer);
      if (!this.#stopping) this.#onDeath(code, how, Date.now() - startedMs);
    };
    child.on("error", (error) => gone(null, error.message));
    child.on("exit", (code, signal) => gone(code, signal ?? `exit code ${code}`));
  }

  #onDeath(code: number | null, how: string, livedMs: number): void {
    const final = code !== null && this.#options.finalCodes.includes(code);
    if (!final) {
      if (livedMs > HEALTHY_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
      this.#options.log(`the ${this.name} ended (${how}); starting it again in ${this.#pauseMs / 1000} s`);
      this.#timer = setTimeout(() => this.start(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.#options.onEnd(code, final);
  }

  /** Asks the child to stop and waits for it, not for ever. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const late = setTimeout(() => {
      this.#options.log(`the ${this.name} did not stop within ${STOP_MS / 1000} s: killing it`);
      this.kill();
    }, STOP_MS);
    await gone;
    clearTimeout(late);
  }

  /** For the second Ctrl-C: no more patience. */
  kill(): void {
    this.#stopping = true;
    this.#child?.kill("SIGKILL");
  }
}
