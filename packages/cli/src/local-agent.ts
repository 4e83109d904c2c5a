/** The agent of this machine that `flowtrail up` runs beside a server. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkNodeName, withAccess } from "./errors.ts";
import { callServer, isAlive, type LocalServer } from "./local-server.ts";
import { missingPrivilege } from "./privileges.ts";
import { createAgentToken } from "./server-client.ts";
import { Supervised } from "./supervised.ts";

export interface LocalAgentOptions {
  /** The agent's state directory. */
  readonly state: string;
  readonly node: string;
  /** As `--network` takes them. */
  readonly network: readonly string[];
}

interface Report {
  readonly state: "running" | "no_privileges" | "failed";
  readonly message: string | null;
}

export interface LocalAgentDeps {
  log(message: string): void;
  /** Its configuration is wrong, which is that of `up`: to be told as wrong usage. */
  onWrongConfig(exitCode: number): void;
}

/** The agent's file `status.json` is written every five seconds. */
const STATUS_OLD_MS = 15_000;

/** Pid of the agent that works in a state directory already, or null. */
export function runningAgent(state: string): number | null {
  const path = join(state, "status.json");
  const text = withAccess(path, () => (existsSync(path) ? readFileSync(path, "utf8") : null));
  if (text === null) return null;
  const { pid, updated, state: what } = JSON.parse(text) as { pid: number; updated: string; state: string };
  // The age tells a living agent from a stranger who has the pid of one that was killed.
  const current = Date.now() - Date.parse(updated) < STATUS_OLD_MS;
  return what !== "stopped" && current && isAlive(pid) ? pid : null;
}

/** Inert until `start()`. */
export class LocalAgent {
  #server: LocalServer;
  readonly #options: LocalAgentOptions;
  readonly #deps: LocalAgentDeps;
  #report: Report = { state: "failed", message: null };
  #child: Supervised | null = null;

  constructor(server: LocalServer, options: LocalAgentOptions, deps: LocalAgentDeps) {
    this.#server = server;
    this.#options = options;
    this.#deps = deps;
  }

  /** Starts it, or says on terminal and page why it can't be. @throws CliError */
  async start(): Promise<void> {
    const message = missingPrivilege();
    if (message !== null) return this.#tell({ state: "no_privileges", message }, message);
    const tokenFile = await this.#token();
    const { state, node, network } = this.#options;
    const argv = ["agent", "--server", this.#server.url, "--token-file", tokenFile, "--node", node, "--state", state];
    this.#child = new Supervised("agent", [...argv, ...network.flatMap((one) => ["--network", one])], {
      finalCodes: [EXIT.config, EXIT.privileges, EXIT.kernel],
      onSettled: () => void this.#tell({ state: "running", message: null }),
      onEnd: (exitCode, final) => this.#onEnd(exitCode, final),
      log: this.#deps.log,
    });
    this.#child.start();
  }

  /** The server was started again: it has forgotten what it was told, and may be elsewhere. */
  async serverIs(server: LocalServer): Promise<void> {
    const hasMoved = server.url !== this.#server.url;
    this.#server = server;
    await this.#tell(this.#report);
    if (!hasMoved || this.#child === null) return;
    await this.#child.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  kill(): void {
    this.#child?.kill();
  }

  #onEnd(exitCode: number | null, final: boolean): void {
    if (exitCode === EXIT.config) {
      this.#deps.onWrongConfig(exitCode);
      return;
    }
    const reason = (exitCode === null ? undefined : REASONS[exitCode]) ?? "it ended unexpectedly";
    const more = final ? "" : " It is tried again.";
    const message = `Nothing is captured on this machine: ${reason}. The terminal that runs \`flowtrail up\` shows the agent's message.${more}`;
    const report: Report = { state: exitCode === EXIT.privileges ? "no_privileges" : "failed", message };
    void this.#tell(report, final ? message : undefined);
  }

  /** So that the page can say why nothing is captured. `aloud`: for the terminal. */
  async #tell(report: Report, aloud?: string): Promise<void> {
    this.#report = report;
    if (aloud !== undefined) this.#deps.log(aloud);
    await callServer(this.#server, "PUT", "/api/local-agent", report).catch((error: unknown) =>
      this.#deps.log(`the page can't be told about the agent: ${String(error)}`),
    );
  }

  /** This node's token: made once, kept in the state directory, made anew if the server does not know it (another data directory). */
  async #token(): Promise<string> {
    const { state, node } = this.#options;
    checkNodeName(node);
    // A token is good for one node only.
    const file = join(state, `${node}.token`);
    const kept = withAccess(file, () => {
      mkdirSync(state, { recursive: true, mode: 0o700 });
      return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    });
    if (kept !== "" && (await this.#isGood(kept))) return file;
    const { token } = await createAgentToken(this.#server, node);
    withAccess(file, () => {
      writeFileSync(file, `${token}\n`, { mode: 0o600 });
      chmodSync(file, 0o600); // a file that was there keeps its mode
    });
    return file;
  }

  async #isGood(token: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(new URL("/agent/v1/config", this.#server.url), { headers });
    return status !== 401 && status !== 403;
  }
}

/** Exit codes of `flowtrail agent`. */
const EXIT = { config: 2, privileges: 3, state: 4, kernel: 5 } as const;

const REASONS: Readonly<Record<number, string>> = {
  [EXIT.privileges]: "the agent lacks a privilege (CAP_NET_ADMIN)",
  [EXIT.state]: "the agent can't use its state directory",
  [EXIT.kernel]: "the kernel lacks connection tracking, or refuses it",
};
