/** Brings a lab up. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startDaemon } from "./daemons.ts";
import { labDown } from "./down.ts";
import { LabError } from "./errors.ts";
import { inNamespace, labEnv } from "./exec.ts";
import { dnsmasqCommand, makeCertificates } from "./internet.ts";
import { checkLabName, deviceOf, labDir, namespaceOf, netnsConfigDir, wireguardSocket } from "./names.ts";
import { connectPeer, peerSocket } from "./peers/peer-client.ts";
import { checkMachine } from "./programs.ts";
import { run } from "./run.ts";
import { servicesOf } from "./services.ts";
import { claimLab, type LabFile, type LabRef, type Masquerade, writeLabFile } from "./state.ts";
import { type LabStatus, labStatus } from "./status.ts";
import { dnsServer, type LabNode, nodes } from "./topology.ts";
import { callRequest, controlRequest, deviceConfig, generateKeys, waitForHandshakes, wireguardNodes } from "./wireguard.ts";
import { bridgeBatch, nodeScript, wiresBatch } from "./wires.ts";

export interface UpOptions extends LabRef {
  /** Where the lab keeps its files; must be empty or not exist, and `labDown` removes it. Default /run/flowtrail-lab/<name>. */
  dir?: string;
  /** Default: `["internet"]`. Without "lan", addresses on the LAN are seen end to end. */
  masquerade?: readonly Masquerade[];
  onProgress?: (message: string) => void;
}

const peerScript = fileURLToPath(new URL("./peers/peer.ts", import.meta.url));
const startTimeoutMs = 15_000;

/**
 * Builds the lab: namespaces, cables, WireGuard, servers. If it can't, it leaves nothing behind.
 * @throws LabError LAB_NOT_ROOT, LAB_MISSING_PROGRAMS, LAB_NO_TUN, LAB_BAD_NAME, LAB_ALREADY_UP, LAB_DIR_NOT_EMPTY, LAB_COMMAND_FAILED, LAB_START_FAILED
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
  const env = labEnv(lab);
  for (const dir of ["peers", "logs", "agents"]) mkdirSync(join(labDir(lab), dir), { mode: 0o700 });
  progress(`laying cables between ${nodes.length} namespaces`);
  const certificates = makeCertificates(labDir(lab));
  certificates.catch(() => undefined); // awaited below
  await run(["ip", "-batch", "-"], { input: wiresBatch(lab), env });
  await run(["ip", "-n", namespaceOf(lab, "wires"), "-batch", "-"], { input: bridgeBatch(), env });
  const processes = (await Promise.all(nodes.map((node) => setUpNode(lab, node, masquerade)))).flat();
  progress("connecting WireGuard");
  await connectDevices(lab);
  await certificates;
  progress("starting the servers");
  const dnsmasq = startDaemon(lab, { what: "dnsmasq", argv: dnsmasqCommand(), namespace: namespaceOf(lab, "internet") });
  await Promise.all([...nodes.map((node) => startServices(lab, node)), waitForHandshakes(lab, startTimeoutMs)]);
  processes.push({ what: "dnsmasq", node: "internet", id: await dnsmasq });
  writeLabFile(lab, { upSince: new Date().toISOString(), masquerade: [...masquerade], processes });
}

/** Its WireGuard device, its addresses, routes and rules, and its peer process. */
async function setUpNode(lab: string, node: LabNode, masquerade: readonly Masquerade[]): Promise<LabFile["processes"]> {
  const namespace = namespaceOf(lab, node.name);
  const processes: LabFile["processes"] = [];
  writeResolvConf(namespace);
  const peer = startDaemon(lab, {
    what: `peer-${node.name}`,
    argv: [process.execPath, peerScript, peerSocket(lab, node.name)],
    namespace,
    saysReady: true,
  });
  peer.catch(() => undefined); // awaited below
  if (node.short) {
    const device = deviceOf(lab, node.short);
    // A socket that somebody's killed lab left here would be taken for the new one's.
    rmSync(wireguardSocket(device), { force: true });
    const id = await startDaemon(lab, {
      what: `wireguard-${node.name}`,
      argv: ["wireguard-go", "-f", device],
      namespace,
      env: { WG_PROCESS_FOREGROUND: "1", LOG_LEVEL: "error" },
    });
    processes.push({ what: "wireguard-go", node: node.name, id });
    await waitForDevice(device);
  }
  await run(inNamespace(namespace, ["sh", "-eu"]), { input: nodeScript(lab, node, masquerade), env: labEnv(lab) });
  processes.push({ what: "peer", node: node.name, id: await peer });
  return processes;
}

/** The device is there when its control socket answers. */
async function waitForDevice(device: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await controlRequest(device, "get=1\n\n");
      return;
    } catch (error) {
      if (!(error instanceof LabError) || performance.now() > deadline) throw error;
      await sleep(10);
    }
  }
}

async function connectDevices(lab: string): Promise<void> {
  const keys = new Map(wireguardNodes.map((node) => [node, generateKeys()]));
  const send = (node: LabNode, request: string): Promise<unknown> => controlRequest(deviceOf(lab, node.short!), request);
  await Promise.all(wireguardNodes.map((node) => send(node, deviceConfig(node, keys))));
  const calls = wireguardNodes.map((node) => ({ node, request: callRequest(node, keys) }));
  await Promise.all(calls.map(({ node, request }) => request && send(node, request)));
}

function writeResolvConf(namespace: string): void {
  const dir = join(netnsConfigDir, namespace);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "resolv.conf"), `nameserver ${dnsServer.v4}\nnameserver ${dnsServer.v6}\n`);
}

async function startServices(lab: string, node: LabNode): Promise<void> {
  const services = servicesOf(node, labDir(lab));
  if (services.length === 0) return;
  const peer = await connectPeer(lab, node.name);
  try {
    await peer.request({ op: "serve", services });
  } finally {
    peer.close();
  }
}
