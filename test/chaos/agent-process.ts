/** An agent as a process of its own in a namespace, which can be killed and started again on the same state. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const START_MS = 60_000;

export interface AgentStatusFile {
  readonly pid: number;
  readonly state: string;
  readonly drops: Readonly<Record<string, number>>;
  readonly spool: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

export interface StartOptions {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

interface Command {
  readonly namespace: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export class AgentProcess {
  readonly #command: Command;
  #child: ChildProcess | null = null;
  /** Its last words. */
  said = "";

  constructor(command: Command) {
    this.#command = command;
  }

  get pid(): number | null {
    const child = this.#child;
    return child === null || child.exitCode !== null || child.signalCode !== null ? null : (child.pid ?? null);
  }

  /** Resolves when it captures: from then on it sees everything. */
  async start(options: StartOptions = {}): Promise<void> {
    this.said = "";
    const child = this.#spawn(options);
    this.#child = child;
    for (const endMs = performance.now() + START_MS; ; await sleep(30)) {
      const status = this.status();
      if (status?.pid === child.pid && status?.state === "running") return;
      if (child.exitCode !== null || performance.now() > endMs) throw new Error(`the agent did not start: ${this.said}`);
    }
  }

  /** One that is to end by itself: its exit code and what it said. */
  async startInVain(): Promise<{ code: number | null; said: string }> {
    const before = this.said;
    this.said = "";
    const child = this.#spawn({});
    const [code] = (await once(child, "close")) as [number | null];
    const { said } = this;
    this.said = before;
    return { code, said };
  }

  #spawn({ flags = [], env = {} }: StartOptions): ChildProcess {
    const { namespace, state, flags: own } = this.#command;
    // `ip netns exec` ends in execvp: the process is the agent's own.
    const argv = ["netns", "exec", namespace, process.execPath, PROGRAM, "agent", "--state", state, ...own, ...flags];
    const child = spawn("ip", argv, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.#command.env, ...env },
    });
    child.stderr.on("data", (part: Buffer) => {
      this.said = (this.said + part.toString()).slice(-20_000);
    });
    return child;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || this.pid === null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGKILL") child.kill("SIGCONT");
    await ended;
  }

  /** As it last told; null: it has not told anything yet. */
  status(): AgentStatusFile | null {
    const path = join(this.#command.state, "status.json");
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as AgentStatusFile) : null;
  }
}
