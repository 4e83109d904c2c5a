/** Where a command's answer goes: a pager if a person looks at it, else as it is. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { type ColourChoice, type Style, styleFor } from "./style.ts";

export interface OutputOptions {
  readonly color?: ColourChoice;
  readonly pager?: boolean;
}

export interface Output {
  readonly style: Style;
  /** Of the terminal; null: this is none. */
  readonly width: number | null;
  /** False: nobody reads on. */
  write(text: string): Promise<boolean>;
  end(): Promise<void>;
}

/** @param mayPage whether all of it is an answer that ends */
export function openOutput({ color = "auto", pager = true }: OutputOptions, mayPage: boolean): Output {
  const { stdout, env } = process;
  const style = styleFor(color, stdout, env);
  const width = stdout.isTTY ? Math.max(40, stdout.columns || 80) : null;
  const program = pagerOf(env);
  if (!mayPage || !pager || !stdout.isTTY || program === null) {
    return { style, width, write: (text) => writeTo(stdout, text), end: async () => undefined };
  }
  const paged = new Paged(program);
  return { style, width, write: (text) => paged.write(text), end: () => paged.end() };
}

/** FLOWTRAIL_PAGER, PAGER, else less; empty or `cat`: none. */
function pagerOf(env: NodeJS.ProcessEnv): string | null {
  const program = env.FLOWTRAIL_PAGER ?? env.PAGER ?? "less";
  return program === "" || program === "cat" ? null : program;
}

async function writeTo(stream: Writable, text: string): Promise<boolean> {
  if (!stream.write(text)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
  return stream.writable;
}

/** Starts the pager when there is more than fits the screen: less may not be there, and a short answer needs none. */
class Paged {
  readonly #program: string;
  #held = "";
  #stdin: Writable | null = null;
  #ended: Promise<unknown> | null = null;
  #isGone = false;

  constructor(program: string) {
    this.#program = program;
  }

  async write(text: string): Promise<boolean> {
    if (this.#stdin !== null) return this.#isGone ? false : writeTo(this.#stdin, text).catch(() => false);
    this.#held += text;
    const { rows = 24 } = process.stdout;
    if (this.#held.split("\n").length <= rows) return true;
    await this.#start();
    const held = this.#held;
    this.#held = "";
    return writeTo(this.#stdin ?? process.stdout, held).catch(() => false);
  }

  async end(): Promise<void> {
    if (this.#stdin === null) await writeTo(process.stdout, this.#held);
    else {
      this.#stdin.end();
      await this.#ended;
    }
  }

  async #start(): Promise<void> {
    // -F: ends by itself if all fits, -R: colours, -X: leaves what was shown on the screen. As git starts it.
    const env = { LESS: "FRX", LESSCHARSET: "utf-8", ...process.env };
    const child = spawn(this.#program, { shell: true, stdio: ["pipe", "inherit", "inherit"], env });
    const { stdin } = child;
    // Whoever leaves the pager has seen enough.
    stdin.on("error", () => {
      this.#isGone = true;
    });
    stdin.on("close", () => {
      this.#isGone = true;
    });
    this.#stdin = stdin;
    this.#ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
    // Ctrl-C is the pager's while it runs.
    process.on("SIGINT", ignore);
    child.on("close", () => process.off("SIGINT", ignore));
  }
}

const ignore = () => undefined;
