/**
 * Real network namespaces for tests: client (10.77.1.2, fd77:1::2) – gateway – server (10.77.2.2, fd77:2::2). Needs root and iproute2.
 * Everything is gone after `down`.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CaptureConfig } from "../capture.ts";
import { LineProcess } from "./line-process.ts";

export const CLIENT = { v4: "10.77.1.2", v6: "fd77:1::2" };
export const SERVER = { v4: "10.77.2.2", v6: "fd77:2::2" };

type Host = "client" | "gateway" | "server";
const HOSTS: readonly Host[] = ["client", "gateway", "server"];

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export class Testbed {
  readonly #prefix = `ft-cap-${randomBytes(3).toString("hex")}`;
  readonly #processes: LineProcess[] = [];
  #directory = "";

  /** For files of the test. */
  get directory(): string {
    return this.#directory;
  }

  namespace(host: Host): string {
    return `${this.#prefix}-${host}`;
  }

  up(): void {
    this.#directory = mkdtempSync(join(tmpdir(), "ft-cap-"));
    for (const host of HOSTS) {
      ip("netns", "add", this.namespace(host));
      ip("-n", this.namespace(host), "link", "set", "lo", "up");
    }
    this.#link("client", "1");
    this.#link("server", "2");
    this.run("gateway", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    for (const link of ["eth1", "eth2"]) this.#untilRunning("gateway", link);
  }

  /** The kernel tells at most once a second that a link runs (net/core/link_watch.c); until then a program does not see it. */
  #untilRunning(host: Host, link: string): void {
    this.run(host, "timeout", "20", "sh", "-c", `until grep -q up /sys/class/net/${link}/operstate; do sleep 0.05; done`);
  }

  #link(host: Host, net: string): void {
    const end = this.namespace(host);
    const gateway = this.namespace("gateway");
    ip("link", "add", "eth0", "netns", end, "type", "veth", "peer", "name", `eth${net}`, "netns", gateway);
    ip("-n", end, "addr", "add", `10.77.${net}.2/24`, "dev", "eth0");
    ip("-n", end, "addr", "add", `fd77:${net}::2/64`, "dev", "eth0", "nodad");
    ip("-n", gateway, "addr", "add", `10.77.${net}.1/24`, "dev", `eth${net}`);
    ip("-n", gateway, "addr", "add", `fd77:${net}::1/64`, "dev", `eth${net}`, "nodad");
    ip("-n", end, "link", "set", "eth0", "up");
    ip("-n", gateway, "link", "set", `eth${net}`, "up");
    ip("-n", end, "route", "add", "default", "via", `10.77.${net}.1`);
    ip("-n", end, "-6", "route", "add", "default", "via", `fd77:${net}::1`);
  }

  /** Ends every process, then removes every namespace. */
  async down(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()));
    for (const host of HOSTS) ip("netns", "del", this.namespace(host));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Runs a program to its end and returns what it printed. */
  run(host: Host, ...command: string[]): string {
    return execFileSync("ip", ["netns", "exec", this.namespace(host), ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Feeds text to a program's stdin. */
  feed(host: Host, input: string, ...command: string[]): string {
    return execFileSync("ip", ["netns", "exec", this.namespace(host), ...command], { encoding: "utf8", input });
  }

  nft(host: Host, rules: string): void {
    this.feed(host, rules, "nft", "-f", "-");
  }

  /** `nf_conntrack_<name>` of a host. */
  sysctl(host: Host, name: string): number {
    return Number(this.run(host, "cat", `/proc/sys/net/netfilter/nf_conntrack_${name}`));
  }

  setSysctl(host: Host, name: string, value: number): void {
    this.run(host, "sysctl", "-qw", `net.netfilter.nf_conntrack_${name}=${value}`);
  }

  spawn(host: Host, ...command: string[]): LineProcess {
    const child = spawn("ip", ["netns", "exec", this.namespace(host), ...command], { stdio: "pipe" });
    return this.#keep(child);
  }

  /** A capture process; `wrapper` goes before node (setpriv, for example). Resolves when it has started. */
  async capture(host: Host, config: Partial<CaptureConfig> = {}, wrapper: string[] = []): Promise<LineProcess> {
    const process = this.spawnCapture(host, config, wrapper);
    await process.find((line) => line.type === "started");
    return process;
  }

  spawnCapture(host: Host, config: Partial<CaptureConfig> = {}, wrapper: string[] = []): LineProcess {
    const full: CaptureConfig = { sysctlStatePath: join(this.#directory, `sysctl-${host}.json`), tracking: true, ...config };
    return this.spawn(host, ...wrapper, process.execPath, "--expose-gc", script("capture-process.ts"), JSON.stringify(full));
  }

  /** Speaks and listens as it is told: see traffic.ts. */
  traffic(host: Host): LineProcess {
    return this.spawn(host, process.execPath, script("traffic.ts"));
  }

  #keep(child: ChildProcessWithoutNullStreams): LineProcess {
    const process = new LineProcess(child);
    this.#processes.push(process);
    return process;
  }
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
