/** A child process that speaks one JSON object a line (other lines are kept as `{ type: "text" }`). */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ConntrackRecord } from "../conntrack/record.ts";

/** `words` is a plain array in JSON. */
export type PlainRecord = Omit<ConntrackRecord, "words"> & { words: number[] };

// One shape for all that our scripts say: a test reads the fields that its line has.
export interface Line {
  type: string;
  text: string;
  record: PlainRecord;
  complete: boolean;
  found: boolean;
  table: string;
  code: string;
  message: string;
  findings: { name: string; found: number; value: number; problem: string | null }[];
  stats: Record<string, number>;
  restored: { others: string[]; failed: unknown[] };
  port: number;
  id: number;
}

export class LineProcess {
  readonly lines: Line[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Set<() => void>();
  #errors = "";
  #ended = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.on("data", (text) => {
      this.#errors += text;
    });
    createInterface(child.stdout).on("line", (text) => {
      this.lines.push(text.startsWith("{") ? JSON.parse(text) : { type: "text", text });
      this.#wake();
    });
    child.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
    child.stdin.on("error", (error) => {
      this.#errors += `stdin: ${error.message}\n`;
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** stderr so far. */
  get errors(): string {
    return this.#errors;
  }

  records(type: string): PlainRecord[] {
    return this.lines.filter((line) => line.type === type).map((line) => line.record);
  }

  /** Sends a command line. */
  tell(command: string | object): void {
    this.#child.stdin.write(`${typeof command === "string" ? command : JSON.stringify(command)}\n`);
  }

  /** Sends a command and resolves with the first line after it that fits. */
  async ask(command: string | object, fits: (line: Line) => boolean): Promise<Line> {
    const from = this.lines.length;
    this.tell(command);
    return this.find(fits, from);
  }

  /** The first line from `from` on that fits, also of those to come. */
  async find(fits: (line: Line) => boolean, from = 0): Promise<Line> {
    let result: Line | undefined;
    await this.until(() => {
      result = this.lines.slice(from).find(fits);
      return result !== undefined;
    });
    return result!;
  }

  /** Resolves when the lines so far satisfy `done`. Rejects if the process ends before. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#ended)
        throw new Error(`the process ended first. It said:\n${JSON.stringify(this.lines.slice(-5))}\n${this.#errors}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#child.kill(signal);
    await this.end();
  }

  /** Resolves when it has ended by itself. */
  async end(): Promise<void> {
    if (!this.#ended) await once(this.#child, "close");
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
