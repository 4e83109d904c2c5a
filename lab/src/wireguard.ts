/** WireGuard between the nodes: keys, who has whom as a peer, and wireguard-go's control socket (https://www.wireguard.com/xplatform/, "Configuration Protocol"). */
import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError } from "./errors.ts";
import { deviceOf, wireguardSocket } from "./names.ts";
import { egress, type LabNode, nodes, wireguardPort } from "./topology.ts";

export interface KeyPair {
  readonly privateHex: string;
  readonly publicHex: string;
}

/** A Curve25519 key pair, in the form of the control socket (hex). */
export function generateKeys(): KeyPair {
  const { d, x } = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
  const hex = (text: string): string => Buffer.from(text, "base64url").toString("hex");
  return { privateHex: hex(d!), publicHex: hex(x!) };
}

export const wireguardNodes = nodes.filter((node) => node.short !== null);
const meshNodes = wireguardNodes.filter((node) => node.agent);
const membersOf = (gateway: LabNode): LabNode[] => wireguardNodes.filter((node) => node.gateway === gateway.name);

/** A node has the other nodes as peers and, if it is a gateway, its members; a member has only its gateway. */
export function peersOf(node: LabNode): LabNode[] {
  if (node.gateway) return [nodes.find((other) => other.name === node.gateway)!];
  return [...meshNodes.filter((other) => other !== node), ...membersOf(node)];
}

/** What `node` sends to `peer` and believes to come from it. */
export function allowedIps(node: LabNode, peer: LabNode): string[] {
  if (node.gateway) return ["0.0.0.0/0", "::/0"];
  const hosts = [peer, ...membersOf(peer)].flatMap((host) => [`${host.overlay!.v4}/32`, `${host.overlay!.v6}/128`]);
  return peer.name === egress.via ? [...hosts, ...egress.ranges] : hosts;
}

/** Only one of two peers calls, so that their handshakes don't cross. A member calls its gateway, which doesn't know where it is. */
const calls = (node: LabNode, peer: LabNode): boolean =>
  node.gateway !== null || (peer.gateway === null && nodes.indexOf(node) < nodes.indexOf(peer));

/** The `set` request that configures a node's device. */
export function deviceConfig(node: LabNode, keys: ReadonlyMap<LabNode, KeyPair>): string {
  const lines = ["set=1", `private_key=${keys.get(node)!.privateHex}`, `listen_port=${wireguardPort}`, "replace_peers=true"];
  for (const peer of peersOf(node)) {
    lines.push(`public_key=${keys.get(peer)!.publicHex}`, "replace_allowed_ips=true");
    lines.push(...allowedIps(node, peer).map((range) => `allowed_ip=${range}`));
    if (peer.gateway === null) lines.push(`endpoint=${peer.underlay!.v4}:${wireguardPort}`);
  }
  return `${lines.join("\n")}\n\n`;
}

/**
 * The `set` request that makes a node call its peers. It comes after every device has its configuration: a call that finds nobody is repeated only after
 * 5 s (REKEY_TIMEOUT). null if the node is one that waits to be called.
 */
export function callRequest(node: LabNode, keys: ReadonlyMap<LabNode, KeyPair>): string | null {
  const callees = peersOf(node).filter((peer) => calls(node, peer));
  if (callees.length === 0) return null;
  const lines = callees.flatMap((peer) => [
    `public_key=${keys.get(peer)!.publicHex}`,
    "update_only=true",
    "persistent_keepalive_interval=25",
  ]);
  return `${["set=1", ...lines].join("\n")}\n\n`;
}

/** Sends one request to a device's control socket and returns the answer's lines. @throws LabError LAB_START_FAILED */
export function controlRequest(device: string, request: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error): void =>
      reject(new LabError({ code: "LAB_START_FAILED", what: device }, `WireGuard device ${device} ${why}`, { cause }));
    const socket = connect(wireguardSocket(device));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
      if (!answer.endsWith("\n\n")) return;
      socket.destroy();
      const lines = answer.trimEnd().split("\n");
      if (lines.includes("errno=0")) resolve(lines);
      else fail(`refused its configuration: ${lines.at(-1)}`);
    });
    socket.on("error", (cause) => fail(`is not reachable: ${cause.message}`, cause));
    socket.on("close", () => fail("closed its control socket without an answer"));
    socket.write(request);
  });
}

/** Waits until every pair of peers has shaken hands. @throws LabError LAB_START_FAILED */
export async function waitForHandshakes(lab: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (const node of wireguardNodes) {
    for (;;) {
      const lines = await controlRequest(deviceOf(lab, node.short!), "get=1\n\n");
      const done = lines.filter((line) => /^last_handshake_time_sec=[1-9]/.test(line)).length;
      const wanted = peersOf(node).length;
      if (done === wanted) break;
      if (performance.now() > deadline) {
        const message = `WireGuard: ${node.name} has shaken hands with ${done} of its ${wanted} peers after ${timeoutMs / 1000} s`;
        throw new LabError({ code: "LAB_START_FAILED", what: node.name }, message);
      }
      await sleep(10);
    }
  }
}
