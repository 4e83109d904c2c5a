/** What a lab is made of and whether it runs. */
import { type AgentStatus, LabAgents } from "./agents.ts";
import { checkLabName, deviceOf, labDir, namespaceOf } from "./names.ts";
import { isAlive } from "./processes.ts";
import { claimedLabs, type LabFile, type LabRef, type Masquerade, readLabFile } from "./state.ts";
import { type Addresses, type LabNode, type NodeName, nodes } from "./topology.ts";

export interface LabProcess {
  what: string;
  pid: number;
  running: boolean;
}
export interface LabNodeStatus {
  name: NodeName;
  kind: LabNode["kind"];
  namespace: string;
  /** Its WireGuard device. */
  device: string | null;
  overlay: Addresses | null;
  underlay: Addresses | null;
  lan: Addresses | null;
  gateway: NodeName | null;
  processes: LabProcess[];
  agent: AgentStatus | null;
}
export interface LabStatus {
  name: string;
  /** Built to the end, and every process of its own is running (agents may stop). */
  up: boolean;
  /** Its name is taken: it is up, being built or broken. */
  exists: boolean;
  upSince: string | null;
  dir: string | null;
  masquerade: Masquerade[];
  /** In the host's namespace: the agents' way to the server. */
  relay: LabProcess | null;
  nodes: LabNodeStatus[];
}

/** @throws LabError LAB_BAD_NAME */
export function labStatus(ref: LabRef): LabStatus {
  const lab = checkLabName(ref.name);
  const exists = claimedLabs().includes(lab);
  const file = readLabFile(lab);
  if (!file)
    return {
      name: lab,
      up: false,
      exists,
      upSince: null,
      dir: exists ? labDir(lab) : null,
      masquerade: [],
      relay: null,
      nodes: [],
    };
  const agents = new LabAgents(ref).status();
  return {
    name: lab,
    up: file.processes.every((process) => isAlive(process.id)),
    exists,
    upSince: file.upSince,
    dir: labDir(lab),
    masquerade: file.masquerade,
    relay: processesOf(file, null)[0] ?? null,
    nodes: nodes.map((node) => ({
      name: node.name,
      kind: node.kind,
      namespace: namespaceOf(lab, node.name),
      device: node.short && deviceOf(lab, node.short),
      overlay: node.overlay,
      underlay: node.underlay,
      lan: node.lan,
      gateway: node.gateway,
      processes: processesOf(file, node.name),
      agent: agents.find((agent) => agent.node === node.name) ?? null,
    })),
  };
}

function processesOf(file: LabFile, node: NodeName | null): LabProcess[] {
  return file.processes
    .filter((process) => process.node === node)
    .map(({ what, id }) => ({ what, pid: id.pid, running: isAlive(id) }));
}

/** All labs of this machine. */
export const labList = (): LabStatus[] => claimedLabs().map((name) => labStatus({ name }));
