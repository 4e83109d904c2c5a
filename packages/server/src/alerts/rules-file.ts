/** Rules in a file of the operator's (`alerts.rules_file`), looked at again and again. A broken edit keeps the last good rules in force. */
import { readFile, stat } from "node:fs/promises";
import type { AlertRule } from "@flowtrail/model";
import { checkRulesYaml, problemText, type YamlProblem } from "./rules-yaml.ts";
import type { Watchers } from "./watcher.ts";

const MAX_BYTES = 2 ** 20;
const POLL_MS = 2000;
const MOST_TOLD = 10;

export interface FileRules {
  readonly rules: readonly AlertRule[];
  readonly changedMs: number;
}

export interface RulesFileDeps {
  readonly watchers: Watchers;
  readonly isShipped: (id: string) => boolean;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const NONE: FileRules = { rules: [], changedMs: 0 };

export class RulesFile {
  readonly #path: string | null;
  readonly #deps: RulesFileDeps;
  #current = NONE;
  #problem: string | null = null;
  #stamp: string | null = null;
  #seen: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** @param path null: there is none */
  constructor(path: string | null, deps: RulesFileDeps) {
    this.#path = path;
    this.#deps = deps;
  }

  /** In force. Another object for each change. */
  get current(): FileRules {
    return this.#current;
  }

  /** There is one, and it could not be read yet. */
  get isUnread(): boolean {
    return this.#path !== null && this.#current === NONE;
  }

  /** Null: all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  async start(): Promise<void> {
    if (this.#path === null) return;
    await this.look(this.#path);
    this.#timer = setInterval(() => void this.look(this.#path ?? ""), POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Polled: a file that an editor or a config map replaces is not missed, nor one on a network. */
  async look(path: string): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      // Whoever writes in place empties it first.
      const isSettled = stamp === this.#seen || this.#seen === null;
      this.#seen = stamp;
      if (stamp === this.#stamp || !isSettled) return;
      if (size > MAX_BYTES) return this.#fail(`${path} has ${size} bytes: more than ${MAX_BYTES} are not read`);
      const { rules, problems } = checkRulesYaml(await readFile(path, "utf8"), this.#deps.watchers, this.#deps.isShipped);
      this.#stamp = stamp;
      if (problems.length > 0) return this.#fail(toldProblems(problems, path));
      this.#problem = null;
      this.#current = { rules, changedMs: Math.round(mtimeMs) };
      this.#deps.logger.info({ path, rules: rules.length }, "alert rules were read");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#fail(code === "ENOENT" ? `${path} is not there` : message);
    }
  }

  #fail(message: string): void {
    if (message === this.#problem) return;
    this.#problem = message;
    this.#deps.logger.warn(
      { path: this.#path, error: message },
      "alert rules can't be read from their file, the last good ones stay",
    );
  }
}

function toldProblems(problems: readonly YamlProblem[], path: string): string {
  const told = problems.slice(0, MOST_TOLD).map((problem) => problemText(problem, path));
  return told.join("\n") + (problems.length > MOST_TOLD ? `\n… and ${problems.length - MOST_TOLD} more` : "");
}
