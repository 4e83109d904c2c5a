/** A lab with a server and agents of ours in it, started as a user starts them, and the questions that tests ask of the API. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type AgentNodeName,
  agentNodeNames,
  execIn,
  type LabAgents,
  labAgents,
  labDown,
  labInventory,
  labList,
  labUp,
  type Masquerade,
  namespaceOf,
  network,
} from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";

export const FLOWTRAIL = fileURLToPath(new URL("../../../packages/cli/src/main.ts", import.meta.url));

/** Short conntrack timeouts, so that a test sees how flows end without waiting for two minutes. Read by the agents when they start. */
const TIMEOUTS: Readonly<Record<string, number>> = {
  nf_conntrack_tcp_timeout_time_wait: 3,
  nf_conntrack_tcp_timeout_close: 2,
  nf_conntrack_udp_timeout: 3,
  nf_conntrack_udp_timeout_stream: 4,
  nf_conntrack_icmp_timeout: 2,
  nf_conntrack_icmpv6_timeout: 2,
  nf_conntrack_tcp_timeout_syn_sent: 8,
};

export interface FlowPage {
  readonly flows: FlowJson[];
  readonly next: string | null;
}

/** The process id of whoever made it follows. */
const DIRECTORY = join(tmpdir(), "flowtrail-bed-");

interface LabBedOptions {
  /** Default: all. */
  readonly nodes?: readonly AgentNodeName[];
  readonly shortTimeouts?: boolean;
  /** More arguments of `flowtrail server`. */
  readonly serverArgs?: readonly string[];
  /** More arguments of `flowtrail agent`. */
  readonly agentArgs?: readonly string[];
  /** Default: as the lab's. */
  readonly masquerade?: readonly Masquerade[];
}

export class LabBed {
  readonly name: string;
  readonly dir: string;
  readonly agents: LabAgents;
  #server: ChildProcess | null = null;
  #serverArgs: readonly string[];
  readonly #agentArgs: readonly string[];
  #port = 0;
  #token = "";

  private constructor(name: string, { serverArgs = [], agentArgs = [] }: LabBedOptions) {
    this.name = name;
    this.#serverArgs = serverArgs;
    this.#agentArgs = agentArgs;
    this.dir = mkdtempSync(`${DIRECTORY}${process.pid}-`);
    this.agents = labAgents({ name });
  }

  /**
   * Network, server and the agents of `nodes`.
   * @param tag three letters of its own; with this process's id they are the lab's name, which no other run on this machine has
   */
  static async up(tag: string, options: LabBedOptions = {}): Promise<LabBed> {
    await removeAbandoned();
    const bed = new LabBed(`${tag}${process.pid.toString(36)}`, options);
    try {
      await bed.#build(options);
    } catch (error) {
      await bed.down();
      throw error;
    }
    return bed;
  }

  async #build({ masquerade, shortTimeouts = true, nodes = agentNodeNames }: LabBedOptions): Promise<void> {
    await labUp({ name: this.name, dir: join(this.dir, "lab"), ...(masquerade ? { masquerade } : {}) });
    if (shortTimeouts) await this.#shortenTimeouts();
    await this.startServer();
    await this.startAgents(nodes);
  }

  async #shortenTimeouts(): Promise<void> {
    const settings = Object.entries(TIMEOUTS).map(([key, seconds]) => `net.netfilter.${key}=${seconds}`);
    for (const node of agentNodeNames) await execIn({ name: this.name }, node, ["sysctl", "-qw", ...settings]);
  }

  get #inventory(): string {
    return join(this.dir, "inventory.yaml");
  }

  /** The server sees it within seconds, and keeps it over its own restarts. */
  writeInventory(yaml: string): void {
    writeFileSync(`${this.#inventory}.new`, yaml);
    renameSync(`${this.#inventory}.new`, this.#inventory);
  }

  /** @param args instead of the arguments that it had so far */
  async startServer(args = this.#serverArgs): Promise<void> {
    this.#serverArgs = args;
    if (!existsSync(this.#inventory)) this.writeInventory(labInventory());
    const file = join(this.dir, "data", "server.json");
    rmSync(file, { force: true }); // of one that was killed
    const argv = [
      FLOWTRAIL,
      "server",
      "--listen",
      `127.0.0.1:${this.#port}`,
      "--data",
      join(this.dir, "data"),
      "--inventory-file",
      this.#inventory,
      // Agents list the kernel's connections as often, which is when it forgets those that timed out: a flow's end is seen soon.
      "--agents-update-interval-s",
      "1",
      ...this.#serverArgs,
    ];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.#server = child;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
    await until("the server is up", 60_000, () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said}`);
      return existsSync(file);
    });
    // The next one listens where this one did: agents know it by this address.
    this.#port = Number(new URL((JSON.parse(readFileSync(file, "utf8")) as { url: string }).url).port);
    this.#token = readFileSync(join(this.dir, "data", "admin.token"), "utf8").trim();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async killServer(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#server;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  async startAgents(nodes: readonly AgentNodeName[]): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    for (const node of nodes) {
      const { token } = await this.post<{ token: string }>("/api/tokens", { kind: "agent", node });
      writeFileSync(join(this.dir, `${node}.token`), token, { mode: 0o600 });
    }
    await this.agents.start({
      nodes,
      serverPort: this.#port,
      command: (node) => [
        process.execPath,
        FLOWTRAIL,
        "agent",
        "--server",
        node.serverUrl,
        "--token-file",
        join(this.dir, `${node.name}.token`),
        "--node",
        node.name,
        "--network",
        `${network.id}=${network.ranges.join(",")}`,
        "--state",
        this.stateOf(node.name),
        ...this.#agentArgs,
      ],
    });
    await until("every agent has reported", 30_000, async () => {
      const { agents } = await this.get<{ agents: { reporter: string }[] }>("/api/health");
      return nodes.every((node) => agents.some((agent) => agent.reporter === node));
    });
  }

  stateOf(node: AgentNodeName): string {
    return join(this.dir, `agent-${node}`);
  }

  namespace(node: AgentNodeName): string {
    return namespaceOf(this.name, node);
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#send("POST", path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#send("PUT", path, body);
  }

  async #send<T>(method: "POST" | "PUT", path: string, body: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const response = await fetch(`${this.url}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async delete(path: string): Promise<void> {
    const response = await fetch(`${this.url}${path}`, { method: "DELETE", headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new Error(`DELETE ${path}: ${response.status} ${await response.text()}`);
  }

  /** All flows of a question, page after page. */
  async flows(query: Record<string, string> = {}): Promise<FlowJson[]> {
    const all: FlowJson[] = [];
    let cursor: string | null = null;
    do {
      const params: URLSearchParams = new URLSearchParams({
        from: "-1h",
        limit: "1000",
        reports: "all",
        ...query,
        ...(cursor ? { cursor } : {}),
      });
      const page: FlowPage = await this.get<FlowPage>(`/api/flows?${params}`);
      all.push(...page.flows);
      cursor = page.next;
    } while (cursor);
    return all;
  }

  /** Asks until `enough` says so; returns what was found. */
  async flowsUntil(
    what: string,
    query: Record<string, string>,
    enough: (flows: FlowJson[]) => boolean,
    timeoutMs = 30_000,
  ): Promise<FlowJson[]> {
    let flows: FlowJson[] = [];
    await until(
      what,
      timeoutMs,
      async () => {
        flows = await this.flows(query);
        return enough(flows);
      },
      () => JSON.stringify(flows.slice(0, 5)),
    );
    return flows;
  }

  /** Waits until a node's agent has covered the time after `sinceMs`: what it says from then on it says of everything. */
  async untilReported(node: AgentNodeName, sinceMs: number): Promise<void> {
    await until(`${node}'s agent reports again`, 120_000, async () => {
      const { agents } = await this.get<{ agents: { reporter: string; covered_to: string }[] }>("/api/health");
      return agents.some((agent) => agent.reporter === node && Date.parse(agent.covered_to) > sinceMs);
    });
  }

  async down(): Promise<void> {
    await this.agents.stop();
    await this.killServer("SIGTERM");
    await labDown({ name: this.name });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Takes down the beds whose process was killed, and no other lab of this machine. */
async function removeAbandoned(): Promise<void> {
  for (const { name, dir } of labList()) {
    const real = dir !== null && existsSync(dir) ? realpathSync(dir) : "";
    const pid = real.startsWith(DIRECTORY) ? Number.parseInt(real.slice(DIRECTORY.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || existsSync(`/proc/${pid}`)) continue;
    await labDown({ name });
    rmSync(dirname(real), { recursive: true, force: true });
  }
}

/** Waits, generously, for a thing to happen. */
export async function until(
  what: string,
  timeoutMs: number,
  happened: () => Promise<boolean> | boolean,
  shown: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await happened()) return;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what} ${shown()}`);
    await sleep(150);
  }
}
