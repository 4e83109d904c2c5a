/** One run of the engine: from its start to its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Logger } from "../logger.ts";
import { type EngineSettings, keyHeader } from "./config-files.ts";
import { EngineError } from "./errors.ts";
import { parseEngineLine } from "./log-lines.ts";

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("a TCP server has a port");
  return address.port;
}

/** How it is reached. */
type Way = Pick<EngineSettings, "port" | "username" | "password" | "key">;

/** True when the engine of these settings (and not another one on its port) answers a query. */
function answers({ port, username, password, key }: Way): Promise<boolean> {
  return new Promise((resolve) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const path = `/?query=${encodeURIComponent("SELECT 'flowtrail'")}`;
    // No keep-alive: an open connection would delay the engine's stop.
    const ask = request(
      { host: "127.0.0.1", port, path, agent: false, headers: { authorization, [keyHeader]: key } },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          body += part;
        });
        answer.on("end", () => resolve(answer.statusCode === 200 && body === "flowtrail\n"));
        answer.on("error", () => resolve(false));
      },
    );
    ask.setTimeout(2_000, () => ask.destroy());
    ask.on("error", () => resolve(false));
    ask.end();
  });
}

export interface EngineFiles {
  readonly libraryPath: string;
  readonly configPath: string;
  /** Of the data. */
  readonly path: string;
  /** TCP is what nodes of a cluster speak to each other; the embedded engine has no use for it. */
  readonly listen?: "HTTP" | "HTTP,TCP";
}

export class EngineProcess {
  readonly #settings: Way;
  readonly #logger: Logger;
  readonly #child: ChildProcess;
  /** Resolves when the process is gone, with how it went. */
  readonly exited: Promise<string>;
  #gone = false;
  #output: string[] = [];

  /** Starts the process; `ready()` tells when it can be used. */
  constructor({ libraryPath, configPath, path, listen = "HTTP" }: EngineFiles, settings: Way, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    const child = fileURLToPath(new URL("./child.ts", import.meta.url));
    const engineArguments = [`--config-file=${configPath}`, `--path=${path}`, "--log-level=warning"];
    this.#child = spawn(process.execPath, [child, libraryPath, listen, ...engineArguments], {
      // Of the environment only what a program needs: the engine has no business with our tokens.
      env: { PATH: process.env.PATH, TZ: "UTC", TMPDIR: process.env.TMPDIR, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH },
      stdio: ["pipe", "ignore", "pipe"],
      // A session of its own: Ctrl-C in the terminal is for the server, which then stops the engine when its work is done.
      detached: true,
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(`could not be started: ${error.message}`, resolve));
      // "close" and not "exit": its last words have been read by then.
      this.#child.once("close", (code, signal) => this.#end(signal === null ? `exit code ${code}` : signal, resolve));
    });
    this.#child.stdin?.on("error", () => {}); // EPIPE when it died before we closed the pipe: `exited` tells
    if (this.#child.stderr) createInterface({ input: this.#child.stderr }).on("line", (line) => this.#read(line));
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** What it said outside of its log, newest last. */
  get output(): string {
    return this.#output.join("\n");
  }

  /**
   * Waits until it answers queries.
   * @throws EngineError ENGINE_START when it ends or does not answer within `timeoutMs` (it is killed then)
   */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#gone) {
      if (await answers(this.#settings)) return;
      if (performance.now() > deadline) {
        this.kill();
        await this.exited;
        throw this.#failure(`did not answer within ${timeoutMs} ms`);
      }
      await Promise.race([delay(25), this.exited]);
    }
    throw this.#failure(await this.exited);
  }

  /** Asks it to stop (end of its stdin), kills it after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (this.#gone) return;
    this.#child.stdin?.end();
    const timer = setTimeout(() => {
      this.#logger.warn({ graceMs }, "the engine did not stop in time: killing it (nothing acknowledged is lost)");
      this.kill();
    }, graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #end(how: string, resolve: (how: string) => void): void {
    this.#gone = true;
    resolve(how);
  }

  #failure(how: string): EngineError {
    const output = this.output;
    return new EngineError({ code: "ENGINE_START", output }, `The embedded engine did not start: ${output || how}`);
  }

  #read(line: string): void {
    const parsed = parseEngineLine(line);
    if (parsed === null) return;
    if (parsed.kind === "output") {
      this.#output = [...this.#output, parsed.text].slice(-20);
      this.#logger.debug({ engine: "output" }, parsed.text);
    } else {
      this.#logger[parsed.level]({ engine: parsed.source }, parsed.text);
    }
  }
}
