/** A server as a process of its own, which can be killed with -9 and started again on the same port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const PROGRAM = fileURLToPath(new URL("../../../packages/cli/src/main.ts", import.meta.url));
const START_MS = 60_000;

export class ServerProcess {
  readonly data: string;
  readonly #flags: readonly string[];
  /** Beside this process's own; from the next start on. */
  env: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  /** Its last words. */
  #said = "";
  readonly url: string;

  private constructor(data: string, port: number, flags: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv) {
    this.data = data;
    this.env = env;
    this.url = `http://127.0.0.1:${port}`;
    const options = Object.entries({ listen: `127.0.0.1:${port}`, data, "log.level": "warn", ...flags });
    this.#flags = options.flatMap(([key, value]) => [`--${key.replaceAll(/[._]/g, "-")}`, value]);
  }

  /** @param flags by their keys in the configuration */
  static async start(data: string, flags: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
    const server = new ServerProcess(data, await freePort(), flags, env);
    await server.start();
    return server;
  }

  /** @param env for this time */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, "server", ...this.#flags], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.env, ...env },
    });
    child.stderr?.on("data", (part: Buffer) => {
      this.#said = (this.#said + part.toString()).slice(-4000);
    });
    this.#child = child;
    for (const endMs = Date.now() + START_MS; ; await sleep(100)) {
      const answer = await fetch(`${this.url}/api/health`).catch(() => null); // it does not listen yet
      if (answer?.ok) return;
      if (child.exitCode !== null || Date.now() > endMs) throw new Error(`the server did not start: ${this.#said}`);
    }
  }

  /** Null: it does not run. */
  get pid(): number | null {
    const child = this.#child;
    return child === null || child.exitCode !== null || child.signalCode !== null ? null : (child.pid ?? null);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  }

  /** As its administrator, unless another token is given. */
  async ask(method: string, path: string, options: { token?: string; body?: string; headers?: Record<string, string> } = {}) {
    const token = options.token ?? (await readFile(join(this.data, "admin.token"), "utf8")).trim();
    const headers = { authorization: `Bearer ${token}`, ...options.headers };
    const body = options.body === undefined ? {} : { body: options.body };
    const answer = await fetch(`${this.url}${path}`, { method, headers, ...body, signal: AbortSignal.timeout(60_000) });
    return { status: answer.status, body: (await answer.json()) as unknown };
  }
}
