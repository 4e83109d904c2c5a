/** Runs an agent on each node that has one, by a command line of the caller's, and gives them a way to the server. */
import { fileURLToPath } from "node:url";
import { type AgentFile, readAgentFile, stopAgents, writeAgentFile } from "./agent-processes.ts";
import { logFileOf, startDaemon } from "./daemons.ts";
import { LabError } from "./errors.ts";
import { deviceOf, namespaceOf } from "./names.ts";
import { isAlive, type ProcessId, sendSignal, waitForEnd } from "./processes.ts";
import type { RelayConfig } from "./relay/relay.ts";
import { type LabRef, requireLab, writeLabFile } from "./state.ts";
import { type AgentNodeName, agentNodeNames, nodeByName } from "./topology.ts";

/** What a caller needs to know of a node to write its agent's command line. */
export interface AgentNode {
  readonly name: AgentNodeName;
  readonly namespace: string;
  /** Its WireGuard device. */
  readonly device: string;
  readonly addresses: readonly string[];
  /** Where the agent reaches the server. */
  readonly serverUrl: string;
}

export interface StartAgentsOptions {
  /** Port of the server in the host's namespace. */
  serverPort: number;
  /** Default 127.0.0.1. */
  serverHost?: string;
  /** Default: all three. */
  nodes?: readonly AgentNodeName[];
  command: (node: AgentNode) => string[];
  env?: Record<string, string>;
  cwd?: string;
}

export interface AgentStatus {
  node: AgentNodeName;
  running: boolean;
  pid: number;
  argv: string[];
  startedAt: string;
  /** How often it was started. */
  starts: number;
  logFile: string;
}

/** Port of the relay on each agent node's 127.0.0.1. */
export const relayPort = 8080;

const relayScript = fileURLToPath(new URL("./relay/relay.ts", import.meta.url));
const agentLog = (node: AgentNodeName): string => `agent-${node}`;

/** The agents of a lab. Holds nothing itself: another process may go on where this one stopped. */
export class LabAgents {
  readonly #lab: string;

  constructor(ref: LabRef) {
    this.#lab = ref.name;
  }

  /** Starts agents, and the relay to the server. @throws LabError LAB_NOT_UP, LAB_AGENT_RUNNING, LAB_START_FAILED */
  async start(options: StartAgentsOptions): Promise<AgentStatus[]> {
    requireLab({ name: this.#lab });
    const nodes = options.nodes ?? agentNodeNames;
    for (const node of nodes) {
      const { pid, running } = this.#status(node) ?? { running: false };
      if (running)
        throw new LabError(
          { code: "LAB_AGENT_RUNNING", node, pid: pid! },
          `the agent on ${node} is already running (pid ${pid})`,
        );
    }
    await labRelay({ name: this.#lab }, { host: options.serverHost ?? "127.0.0.1", port: options.serverPort });
    return Promise.all(
      nodes.map((node) => {
        const argv = options.command(agentNode(this.#lab, node));
        return this.#launch(node, { argv, env: options.env ?? {}, cwd: options.cwd ?? null });
      }),
    );
  }

  /** Starts the agent of a node again with the command line that it had, ending it first if it runs. @throws LabError LAB_AGENT_NOT_RUNNING if it was never started */
  async restart(node: AgentNodeName): Promise<AgentStatus> {
    const file = this.#require(node);
    await this.stop([node]);
    return this.#launch(node, file);
  }

  /** SIGTERM, and SIGKILL after 8 s. Returns the nodes whose agent was running. */
  stop(nodes: readonly AgentNodeName[] = agentNodeNames): Promise<AgentNodeName[]> {
    return stopAgents(this.#lab, nodes);
  }

  /** Sends a signal, and with SIGKILL waits for the end. @throws LabError LAB_AGENT_NOT_RUNNING */
  async kill(node: AgentNodeName, signal: NodeJS.Signals): Promise<void> {
    const { id } = this.#require(node);
    if (!sendSignal(id, signal)) throw notRunning(node);
    if (signal === "SIGKILL") await waitForEnd([id], 5000);
  }

  /** All agents that were ever started in this lab. */
  status(): AgentStatus[] {
    return agentNodeNames.flatMap((node) => this.#status(node) ?? []);
  }

  async #launch(node: AgentNodeName, { argv, env, cwd }: Pick<AgentFile, "argv" | "env" | "cwd">): Promise<AgentStatus> {
    const starts = (readAgentFile(this.#lab, node)?.starts ?? 0) + 1;
    const daemon = { what: agentLog(node), argv, namespace: namespaceOf(this.#lab, node), env, appendLog: true };
    const id = await startDaemon(this.#lab, cwd === null ? daemon : { ...daemon, cwd });
    writeAgentFile(this.#lab, node, { id, argv, env, cwd, startedAt: new Date().toISOString(), starts });
    return this.#status(node)!;
  }

  #require(node: AgentNodeName): AgentFile {
    const file = readAgentFile(this.#lab, node);
    if (!file) throw notRunning(node);
    return file;
  }

  #status(node: AgentNodeName): AgentStatus | null {
    const file = readAgentFile(this.#lab, node);
    if (!file) return null;
    const { id, argv, startedAt, starts } = file;
    return { node, running: isAlive(id), pid: id.pid, argv, startedAt, starts, logFile: logFileOf(this.#lab, agentLog(node)) };
  }
}

export const labAgents = (ref: LabRef): LabAgents => new LabAgents(ref);

function notRunning(node: AgentNodeName): LabError {
  return new LabError({ code: "LAB_AGENT_NOT_RUNNING", node }, `there is no agent running on ${node}`);
}

function agentNode(lab: string, name: AgentNodeName): AgentNode {
  const node = nodeByName(name);
  const addresses = [node.overlay!.v4, node.overlay!.v6];
  return {
    name,
    namespace: namespaceOf(lab, name),
    device: deviceOf(lab, node.short!),
    addresses,
    serverUrl: `http://127.0.0.1:${relayPort}`,
  };
}

/**
 * Makes 127.0.0.1:8080 on every agent node lead to a server in the host's namespace. A relay that leads elsewhere is replaced.
 * @throws LabError LAB_NOT_UP, LAB_START_FAILED
 */
export async function labRelay(ref: LabRef, target: RelayConfig["target"]): Promise<ProcessId> {
  const file = requireLab(ref);
  const what = `relay to ${target.host}:${target.port}`;
  const others = file.processes.filter((process) => !process.what.startsWith("relay "));
  const old = file.processes.find((process) => process.what.startsWith("relay "));
  if (old && isAlive(old.id)) {
    if (old.what === what) return old.id;
    sendSignal(old.id, "SIGKILL");
    await waitForEnd([old.id], 5000);
  }
  const config: RelayConfig = { port: relayPort, target, namespaces: agentNodeNames.map((node) => namespaceOf(ref.name, node)) };
  const argv = [process.execPath, relayScript, JSON.stringify(config)];
  const id = await startDaemon(ref.name, { what: "relay", argv, namespace: null, saysReady: true });
  writeLabFile(ref.name, { ...file, processes: [...others, { what, node: null, id }] });
  return id;
}
