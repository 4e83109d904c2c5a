/** Brings a lab up. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { allDone } from "./all-done.ts";
import { startDaemon } from "./daemons.ts";
import { labDown } from "./down.ts";
import { inNamespace, labEnv } from "./exec.ts";
import { dnsmasqCommand, makeCertificates, quicServerCommand } from "./internet.ts";
import { checkLabName, deviceOf, labDir, namespaceOf } from "./names.ts";
import { setUpNode, startServices, startTimeoutMs } from "./node-setup.ts";
import { checkMachine, isOnPath } from "./programs.ts";
import { run } from "./run.ts";
import { claimLab, type LabFile, type LabRef, type Masquerade, writeLabFile } from "./state.ts";
import { type LabStatus, labStatus } from "./status.ts";
import { type LabNode, nodes } from "./topology.ts";
import { callRequest, controlRequest, deviceConfig, generateKeys, waitForHandshakes, wireguardNodes } from "./wireguard.ts";
import { bridgeBatch, untilCablesRun, wiresBatch } from "./wires.ts";

export interface UpOptions extends LabRef {
  /** Where the lab keeps its files; must be empty or not exist, and `labDown` removes it. Default /run/flowtrail-lab/<name>. */
  dir?: string;
  /** Default: `["internet"]`. Without "lan", addresses on the LAN are seen end to end. */
  masquerade?: readonly Masquerade[];
  onProgress?: (message: string) => void;
}

/**
 * Builds the lab: namespaces, cables, WireGuard, servers. If it can't, it leaves nothing behind.
 * @throws LabError LAB_NOT_LINUX, LAB_NOT_ROOT, LAB_MISSING_PROGRAMS, LAB_NO_TUN, LAB_BAD_NAME, LAB_ALREADY_UP, LAB_DIR_NOT_EMPTY, LAB_COMMAND_FAILED, LAB_START_FAILED
 */
export async function labUp(options: UpOptions): Promise<LabStatus> {
  const lab = checkLabName(options.name);
  checkMachine();
  claimLab(lab, options.dir);
  try {
    await build(lab, options.masquerade ?? ["internet"], options.onProgress ?? (() => undefined));
  } catch (error) {
    await labDown({ name: lab });
    throw error;
  }
  return labStatus({ name: lab });
}

async function build(lab: string, masquerade: readonly Masquerade[], progress: (message: string) => void): Promise<void> {
  for (const dir of ["peers", "logs", "agents", "web"]) mkdirSync(join(labDir(lab), dir), { mode: 0o700 });
  progress(`laying cables between ${nodes.length} namespaces`);
  const [, processes] = await allDone([makeCertificates(labDir(lab)), setUpNodes(lab, masquerade)]);
  progress("connecting WireGuard");
  await allDone([connectDevices(lab), ...nodes.map((node) => cablesRun(lab, node))]);
  progress("starting the servers");
  const services = allDone(nodes.map((node) => startServices(lab, node)));
  const [programs] = await allDone([startPrograms(lab), waitForHandshakes(lab, startTimeoutMs), services]);
  processes.push(...programs);
  writeLabFile(lab, { upSince: new Date().toISOString(), masquerade: [...masquerade], processes });
}

/** What serves in the internet beside its peer. */
function startPrograms(lab: string): Promise<LabFile["processes"]> {
  const commands = [dnsmasqCommand(), ...(isOnPath("gtlsserver") ? [quicServerCommand(labDir(lab))] : [])];
  const start = async (argv: string[]): Promise<LabFile["processes"][number]> => {
    const what = argv[0]!;
    const id = await startDaemon(lab, { what, argv, namespace: namespaceOf(lab, "internet"), cwd: join(labDir(lab), "web") });
    return { what, node: "internet", id };
  };
  return allDone(commands.map(start));
}

async function setUpNodes(lab: string, masquerade: readonly Masquerade[]): Promise<LabFile["processes"]> {
  const env = labEnv(lab);
  await run(["ip", "-batch", "-"], { input: wiresBatch(lab), env });
  await run(["ip", "-n", namespaceOf(lab, "wires"), "-batch", "-"], { input: bridgeBatch(), env });
  return (await allDone(nodes.map((node) => setUpNode(lab, node, masquerade)))).flat();
}

async function cablesRun(lab: string, node: LabNode): Promise<void> {
  const waiting = ["timeout", String(startTimeoutMs / 1000), "sh", "-c", untilCablesRun(node)];
  await run(inNamespace(namespaceOf(lab, node.name), waiting), { env: labEnv(lab) });
}

async function connectDevices(lab: string): Promise<void> {
  const keys = new Map(wireguardNodes.map((node) => [node, generateKeys()]));
  const send = (node: LabNode, request: string): Promise<unknown> => controlRequest(deviceOf(lab, node.short!), request);
  await allDone(wireguardNodes.map((node) => send(node, deviceConfig(node, keys))));
  const calls = wireguardNodes.map((node) => ({ node, request: callRequest(node, keys) }));
  await allDone(calls.flatMap(({ node, request }) => (request ? [send(node, request)] : [])));
}
