/** Brings up one node: its WireGuard device, its addresses, routes and rules, its peer process and what that serves. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { allDone } from "./all-done.ts";
import { startDaemon, startFailed } from "./daemons.ts";
import { inNamespace, labEnv } from "./exec.ts";
import { deviceOf, labDir, namespaceOf, netnsConfigDir, wireguardSocket } from "./names.ts";
import { connectPeer, peerSocket } from "./peers/peer-client.ts";
import { isAlive, type ProcessId } from "./processes.ts";
import { run } from "./run.ts";
import { servicesOf } from "./services.ts";
import type { LabFile, Masquerade } from "./state.ts";
import { dnsServer, type LabNode } from "./topology.ts";
import { controlRequest } from "./wireguard.ts";
import { nodeScript } from "./wires.ts";

export const startTimeoutMs = 15_000;
const peerScript = fileURLToPath(new URL("./peers/peer.ts", import.meta.url));

/** @returns the processes that belong to it. @throws LabError LAB_COMMAND_FAILED, LAB_START_FAILED */
export async function setUpNode(lab: string, node: LabNode, masquerade: readonly Masquerade[]): Promise<LabFile["processes"]> {
  const namespace = namespaceOf(lab, node.name);
  writeResolvConf(namespace);
  const argv = [process.execPath, peerScript, peerSocket(lab, node.name)];
  const peer = startDaemon(lab, { what: `peer-${node.name}`, argv, namespace, saysReady: true });
  const network = async (): Promise<ProcessId | null> => {
    const wireguard = node.short ? await startDevice(lab, node, deviceOf(lab, node.short)) : null;
    await run(inNamespace(namespace, ["sh", "-eu"]), { input: nodeScript(lab, node, masquerade), env: labEnv(lab) });
    return wireguard;
  };
  const [id, wireguard] = await allDone([peer, network()]);
  return [
    ...(wireguard ? [{ what: "wireguard-go", node: node.name, id: wireguard }] : []),
    { what: "peer", node: node.name, id },
  ];
}

/** The device is there when its control socket answers. */
async function startDevice(lab: string, node: LabNode, device: string): Promise<ProcessId> {
  // A socket that somebody's killed lab left here would be taken for the new one's.
  rmSync(wireguardSocket(device), { force: true });
  const what = `wireguard-${node.name}`;
  const env = { WG_PROCESS_FOREGROUND: "1", LOG_LEVEL: "error" };
  const id = await startDaemon(lab, { what, argv: ["wireguard-go", "-f", device], namespace: namespaceOf(lab, node.name), env });
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await controlRequest(device, "get=1\n\n");
      return id;
    } catch (cause) {
      if (!isAlive(id)) throw startFailed(lab, what, "ended before its device was there", cause);
      if (performance.now() > deadline) throw startFailed(lab, what, "does not answer", cause);
      await sleep(10);
    }
  }
}

function writeResolvConf(namespace: string): void {
  const dir = join(netnsConfigDir, namespace);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "resolv.conf"), `nameserver ${dnsServer.v4}\nnameserver ${dnsServer.v6}\n`);
}

/** Starts what listens on a node that has been set up. @throws LabError LAB_PEER_FAILED */
export async function startServices(lab: string, node: LabNode): Promise<void> {
  const services = servicesOf(node, labDir(lab));
  if (services.length === 0) return;
  const peer = await connectPeer(lab, node.name);
  try {
    await peer.request({ op: "serve", services });
  } finally {
    peer.close();
  }
}
