/**
 * The bed: two real network namespaces. In one of them an agent records what a program there makes of flows; in the other one is who is spoken to, and
 * the link to a real server with its embedded ClickHouse, which runs outside. Agent and server have a disk each.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ConntrackOracle } from "../integration/harness/conntrack-oracle.ts";
import { ServerProcess } from "../integration/harness/server-process.ts";
import { TwoNamespaces } from "../integration/harness/two-namespaces.ts";
import { AgentProcess, type StartOptions } from "./agent-process.ts";
import { Disk } from "./disk.ts";
import { kernelRecord } from "./kernel-record.ts";
import { Ledger } from "./ledger.ts";
import { DIRECTORY, etcOf, partName, removeAbandoned, removeDirectory } from "./namespaces.ts";
import type { Random } from "./random.ts";
import { Tap } from "./tap.ts";

export const LINK_PORT = 7000;
/** As the program's own (packages/cli/bin): most of what a start takes. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL("../../packages/cli/.cache/compiled", import.meta.url));
const SERVER_NAME = "collector.chaos";
/** Flows end soon, so that a run does not wait for them. */
const TIMEOUTS: Readonly<Record<string, number>> = {
  nf_conntrack_udp_timeout: 2,
  nf_conntrack_udp_timeout_stream: 2,
  nf_conntrack_tcp_timeout_time_wait: 2,
  nf_conntrack_tcp_timeout_close: 2,
  nf_conntrack_tcp_timeout_syn_sent: 4,
  nf_conntrack_tcp_timeout_fin_wait: 4,
  nf_conntrack_tcp_timeout_close_wait: 4,
  nf_conntrack_tcp_timeout_last_ack: 4,
  nf_conntrack_tcp_timeout_established: 20,
};

/** What a server's environment is without more. */
const OWN_ENGINE = { NODE_COMPILE_CACHE };
function olderEngineEnv(directory: string | null): NodeJS.ProcessEnv {
  if (directory === null) return {};
  const hook = fileURLToPath(new URL("./older-engine.mjs", import.meta.url));
  return { NODE_OPTIONS: `--import ${hook}`, FLOWTRAIL_OLDER_ENGINE: directory };
}

/** A time in which flows may live and die unseen, by the ledger's clock. */
export interface Excuse {
  readonly reason: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** So many flows at most. Default: any number. */
  readonly atMost?: () => number;
}

export interface BedOptions {
  readonly random: Random;
  readonly storeMebibytes: number;
  /** Package of an earlier ClickHouse, which the server has first. Null: it has its own from the beginning. */
  readonly olderEngine: string | null;
}

export class ChaosBed {
  readonly dir: string;
  readonly ledger = new Ledger();
  readonly net = new TwoNamespaces(partName(process.pid));
  readonly random: Random;
  readonly tap: Tap;
  readonly agentDisk: Disk;
  readonly serverDisk: Disk;
  /** Of the fault under way. */
  excuses: Excuse[] = [];
  /** Flows that may be missing, one by one, and why. */
  readonly excused = new Map<number, string>();
  #server: ServerProcess | null = null;
  #agent: AgentProcess | null = null;
  #oracle: ConntrackOracle | null = null;
  #traffic: ChildProcess[] = [];

  private constructor({ random }: BedOptions) {
    this.random = random;
    this.dir = mkdtempSync(`${DIRECTORY}${process.pid}-`);
    this.agentDisk = new Disk(this.dir, "state");
    this.serverDisk = new Disk(this.dir, "data");
    this.tap = new Tap({ ledger: this.ledger, random, serverUrl: () => this.server.url });
  }

  static async up(options: BedOptions): Promise<ChaosBed> {
    removeAbandoned();
    const bed = new ChaosBed(options);
    try {
      await bed.#build(options);
    } catch (error) {
      await bed.down();
      throw error;
    }
    return bed;
  }

  get server(): ServerProcess {
    if (this.#server === null) throw new Error("the bed is not up");
    return this.#server;
  }

  get agent(): AgentProcess {
    if (this.#agent === null) throw new Error("the bed is not up");
    return this.#agent;
  }

  async #build({ storeMebibytes, olderEngine }: BedOptions): Promise<void> {
    // What is mounted here is mounted, and taken off, in the namespaces of those who were started before, too.
    execFileSync("mount", ["--bind", this.dir, this.dir]);
    execFileSync("mount", ["--make-shared", this.dir]);
    this.agentDisk.create(96);
    this.serverDisk.create(storeMebibytes);
    this.#makeNetwork();
    await this.tap.listen(this.net.b, LINK_PORT);
    const flags = { "store.min_free_disk": "50MB", "agents.update_interval_s": "1", "retention.max_size": "none" };
    this.#server = await ServerProcess.start(join(this.serverDisk.path, "server"), flags, {
      ...OWN_ENGINE,
      ...olderEngineEnv(olderEngine),
    });
    await this.#startAgent();
    this.#oracle = kernelRecord(this.net.a, this.ledger);
    await this.#oracle.start();
    this.#speak(this.net.b, "listen");
    this.#speak(this.net.a, "speak");
  }

  #makeNetwork(): void {
    const { net } = this;
    net.up();
    net.exec(net.a, "sysctl", "-qw", ...Object.entries(TIMEOUTS).map(([name, s]) => `net.netfilter.${name}=${s}`));
    mkdirSync(etcOf(net.a), { recursive: true });
    writeFileSync(join(etcOf(net.a), "resolv.conf"), "nameserver 10.91.0.2\noptions timeout:1 attempts:1\n");
    this.setServerName(true);
  }

  /** Whether the server's name can be resolved where the agent is. */
  setServerName(known: boolean): void {
    // In place: the agent sees this file, and not another one of that name.
    writeFileSync(join(etcOf(this.net.a), "hosts"), known ? `${this.net.addressB} ${SERVER_NAME}\n` : "\n");
  }

  async #startAgent(): Promise<void> {
    const { status, body } = await this.server.ask("POST", "/api/tokens", {
      body: JSON.stringify({ kind: "agent", node: "chaos" }),
      headers: { "content-type": "application/json" },
    });
    const { token } = body as { token?: string };
    if (token === undefined) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    const tokenFile = join(this.dir, "token");
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const flags = [
      `--server=http://${SERVER_NAME}:${LINK_PORT}`,
      `--token-file=${tokenFile}`,
      "--node=chaos",
      "--network=lab=10.91.0.0/24",
      "--spool-max-bytes=48MiB",
      "--ship-timeout=5s",
      "--ship-max-pause=3s",
    ];
    const state = join(this.agentDisk.path, "agent");
    this.#agent = new AgentProcess({ namespace: this.net.a, state, flags, env: { NODE_COMPILE_CACHE } });
    mkdirSync(state);
    await this.#agent.start();
  }

  #speak(namespace: string, role: string): void {
    const script = fileURLToPath(new URL("./traffic.ts", import.meta.url));
    const argv = ["netns", "exec", namespace, process.execPath, script, role, this.net.addressB];
    this.#traffic.push(spawn("ip", argv, { stdio: ["pipe", "ignore", "inherit"] }));
  }

  /** Flows a second from now on. */
  setRate(rate: number): void {
    this.#traffic.at(-1)?.stdin?.write(`${JSON.stringify({ rate })}\n`);
  }

  /**
   * Stops the agent and starts it again after `awayMs`. What lives and dies while nobody looks can't be known of.
   * @param unspooledMs what a killed agent may have had in its memory only
   */
  async restartAgent(signal: NodeJS.Signals, awayMs: number, options: StartOptions = {}): Promise<void> {
    await this.whileAgentIsAway(signal, () => sleep(awayMs), options);
  }

  async whileAgentIsAway(signal: NodeJS.Signals, work: () => unknown, options: StartOptions = {}): Promise<void> {
    const fromMs = this.ledger.now() - (signal === "SIGKILL" ? UNSPOOLED_MS : AT_STOP_MS);
    await this.agent.end(signal);
    await work();
    await this.agent.start(options);
    this.excuse("agent dead", fromMs, this.ledger.now());
  }

  excuse(reason: string, fromMs: number, toMs: number, atMost?: () => number): void {
    this.excuses.push({ reason, fromMs, toMs, ...(atMost ? { atMost } : {}) });
  }

  /** Why the last export was none. */
  exportProblem = "";

  /** An export of the server's; null: it did not answer, or not to the end. */
  async export(path: string): Promise<string | null> {
    const token = readFileSync(join(this.server.data, "admin.token"), "utf8").trim();
    try {
      const answer = await fetch(`${this.server.url}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(EXPORT_MS),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      this.exportProblem = `${answer.status} ${text.slice(0, 300)}`;
    } catch (error) {
      // It is away, or was killed in the middle of it.
      this.exportProblem = error instanceof Error ? error.message : String(error);
    }
    return null;
  }

  async isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.server.url}/api/health`, { signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false; // it is away
    }
  }

  /** Of the node: `-L` lists, and so makes the kernel forget what has timed out; `-F` ends all. */
  conntrack(what: "-L" | "-F"): void {
    execFileSync("ip", ["netns", "exec", this.net.a, "conntrack", what], { stdio: "ignore" });
  }

  /** Under traffic. */
  pause(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** Waits, generously, for a thing that has to happen. */
  async until(what: string, happened: () => Promise<boolean> | boolean): Promise<void> {
    for (const endMs = performance.now() + PATIENCE_MS; !(await happened()); await sleep(100)) {
      if (performance.now() > endMs) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
    }
  }

  /** The server has its own engine from its next start on. */
  upgradeEngine(): void {
    this.server.env = OWN_ENGINE;
  }

  /** Of the embedded ClickHouse; null: it does not run. */
  enginePid(): number | null {
    const { pid } = this.server;
    if (pid === null) return null;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("/engine/child.ts")) ?? null;
  }

  /** Takes everything down, also what was never up. */
  async down(): Promise<void> {
    for (const child of this.#traffic) child.kill("SIGKILL");
    await this.#agent?.end("SIGKILL");
    await this.#server?.stop();
    await this.tap.close();
    try {
      await this.#oracle?.stop();
    } finally {
      this.net.down();
      for (const disk of [this.agentDisk, this.serverDisk]) disk.down();
      for (const name of [this.net.a, this.net.b]) removeDirectory(etcOf(name));
      removeDirectory(this.dir);
    }
  }
}

const PATIENCE_MS = 30_000;
const EXPORT_MS = 300_000;
/** An agent spools twice a second; a busy machine takes its time. */
const UNSPOOLED_MS = 1500;
/** Events that wait in the kernel at that moment. */
const AT_STOP_MS = 200;
