/** What WireGuard says about this host's interfaces: whose keys they talk to, and which addresses those may have. Secret keys are never asked for. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readKernelWireguard } from "./generic-netlink.ts";
import { parseAllowedIps, parsePublicKeys } from "./wg-output.ts";

export interface WireguardPeer {
  /** Base64, as WireGuard's tools print it. */
  readonly publicKey: string;
  /** In CIDR form. */
  readonly allowedIps: readonly string[];
}

export interface WireguardInterface {
  readonly name: string;
  readonly publicKey: string;
  readonly peers: readonly WireguardPeer[];
}

export interface WireguardReading {
  readonly interfaces: readonly WireguardInterface[];
  /** Why nothing or not everything could be read; null: all is known that there is. */
  readonly problem: string | null;
}

const TIMEOUT_MS = 3000;
/** 4,096 peers take half a megabyte. */
const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
const run = promisify(execFile);

/**
 * Asks `wg`, which speaks to the kernel (generic netlink) and to programs in user space (/var/run/wireguard/*.sock) alike. `show all dump` would
 * print private and preshared keys; these two commands do not. Where there is no `wg`, the kernel is asked directly; programs are not: their socket
 * tells the private key, and no public one.
 * @param names of this namespace's interfaces: sockets of programs in other network namespaces lie in the same directory
 */
export async function readWireguard(names: readonly string[]): Promise<WireguardReading> {
  try {
    const keys = parsePublicKeys(await wg("public-key"));
    const own = new Map([...keys].filter(([name]) => names.includes(name)));
    if (own.size === 0) return { interfaces: [], problem: null };
    const peers = parseAllowedIps(await wg("allowed-ips"));
    const interfaces = [...own].map(([name, publicKey]) => ({ name, publicKey, peers: peers.get(name) ?? [] }));
    return { interfaces, problem: null };
  } catch (error) {
    const cause = error as NodeJS.ErrnoException & { stderr?: string };
    return cause.code === "ENOENT" ? askKernel(names) : { interfaces: [], problem: `${UNKNOWN}: ${sentenceOf(cause)}` };
  }
}

function askKernel(names: readonly string[]): WireguardReading {
  try {
    const interfaces = readKernelWireguard(names);
    if (interfaces !== null && interfaces.length > 0) return { interfaces, problem: null };
    return { interfaces: [], problem: `${UNKNOWN}: the program \`wg\` is not installed (package wireguard-tools)` };
  } catch (error) {
    return { interfaces: [], problem: `${UNKNOWN}: ${sentenceOf(error as Error)}` };
  }
}

/** What is listed of one interface although another can't be read is as good: `wg` says so by its exit code alone. */
async function wg(what: "public-key" | "allowed-ips"): Promise<string> {
  try {
    return (await run("wg", ["show", "all", what], { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES })).stdout;
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: unknown };
    if (stdout && typeof code === "number") return stdout;
    throw error;
  }
}

const UNKNOWN = "WireGuard peers are not known";

function sentenceOf({ message, stderr = "" }: Error & { stderr?: string }): string {
  return stderr.trim().split("\n", 1)[0] || (message.split("\n", 1)[0] ?? "");
}
