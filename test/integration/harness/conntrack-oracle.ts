/** The kernel's own word, by another program: `conntrack -E` run in a namespace beside our agent, parsed line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { AgentNodeName } from "@flowtrail/lab";
import type { LabBed } from "./bed.ts";

const RMEM_DEFAULT = "/proc/sys/net/core/rmem_default";

export interface OracleFlow {
  readonly protocol: number;
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number | null;
  readonly dstPort: number | null;
  readonly icmpId: number | null;
  readonly srcBytes: number;
  readonly dstBytes: number;
  readonly srcPackets: number;
  readonly dstPackets: number;
  readonly id: number;
  /** When we heard of it, ms since 1970. */
  readonly heardMs: number;
}

/** What identifies a flow on both sides of the comparison. Ports of a tuple may be used again: several flows can share a key. */
export const keyOf = (f: Pick<OracleFlow, "protocol" | "src" | "dst" | "srcPort" | "dstPort" | "icmpId">): string =>
  `${f.protocol} ${f.src}:${f.srcPort ?? ""} ${f.dst}:${f.dstPort ?? ""} ${f.icmpId ?? ""}`;

/** Has an end in the lab's overlay network. */
export const inNetwork = ({ src, dst }: OracleFlow): boolean =>
  [src, dst].some((ip) => ip.startsWith("100.102.137.") || ip.startsWith("fd0a:"));

/** One line of `conntrack -E -o id,extended`; null for lines that are no event of that kind. */
export function parseEvent(line: string, kind: "NEW" | "DESTROY"): OracleFlow | null {
  if (!line.includes(`[${kind}]`)) return null;
  const protocol = /\]\s+ipv[46]\s+\d+\s+\S+\s+(\d+)/.exec(line)?.[1];
  const values = (name: string) => [...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, "g"))].map((m) => m[1] ?? "");
  const number = (name: string, at = 0) => (values(name)[at] === undefined ? null : Number(values(name)[at]));
  const [src, dst] = [values("src")[0], values("dst")[0]];
  if (protocol === undefined || src === undefined || dst === undefined) return null;
  return {
    protocol: Number(protocol),
    src,
    dst,
    srcPort: number("sport"),
    dstPort: number("dport"),
    icmpId: values("type").length > 0 ? number("id") : null,
    srcBytes: number("bytes") ?? 0,
    dstBytes: number("bytes", 1) ?? 0,
    srcPackets: number("packets") ?? 0,
    dstPackets: number("packets", 1) ?? 0,
    id: number("id", values("id").length - 1) ?? 0,
    heardMs: Date.now(),
  };
}

export class ConntrackOracle {
  readonly created: OracleFlow[] = [];
  readonly destroyed: OracleFlow[] = [];
  readonly #namespace: string;
  #child: ChildProcess | null = null;
  #problems = "";
  readonly #read: (line: string) => void;

  /** @param read takes the lines instead of `created` and `destroyed`: for more events than can be kept */
  constructor(namespace: string, read?: (line: string) => void) {
    this.#namespace = namespace;
    this.#read = read ?? ((line) => this.#keep(line));
  }

  #keep(line: string): void {
    const created = parseEvent(line, "NEW");
    if (created) this.created.push(created);
    const destroyed = parseEvent(line, "DESTROY");
    if (destroyed) this.destroyed.push(destroyed);
  }

  /** Listens from when this resolves. */
  async start(): Promise<void> {
    // conntrack 1.4.7 sets `-b` on another socket than the one that it reads. A new socket's buffer is the default of that moment: 166 events,
    // fewer than one dump of anybody's makes the kernel end at once.
    const usual = readFileSync(RMEM_DEFAULT, "utf8");
    writeFileSync(RMEM_DEFAULT, String(64 * 2 ** 20));
    try {
      await this.#listen();
    } finally {
      writeFileSync(RMEM_DEFAULT, usual);
    }
  }

  async #listen(): Promise<void> {
    const child = spawn(
      "nice",
      ["-n", "-15", "ip", "netns", "exec", this.#namespace, "conntrack", "-E", "-e", "NEW,DESTROY", "-o", "id,extended"],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#problems += text;
    });
    createInterface({ input: child.stdout }).on("line", this.#read);
    await new Promise((resolve) => setTimeout(resolve, 700));
    if (child.exitCode !== null) throw new Error(`conntrack -E ended at once: ${this.#problems}`);
  }

  /** Ends it. Throws if it lost events itself: then it is no oracle. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await gone;
    if (/ENOBUFS|buffer/i.test(this.#problems)) throw new Error(`conntrack -E lost events: ${this.#problems}`);
  }
}

/** One beside the agent of each node; they listen from when this resolves. */
export async function startOracles(
  bed: LabBed,
  nodes: readonly AgentNodeName[],
): Promise<ReadonlyMap<AgentNodeName, ConntrackOracle>> {
  const oracles = new Map(nodes.map((node) => [node, new ConntrackOracle(bed.namespace(node))]));
  // One after the other: each changes a setting of the kernel for the moment of its start.
  for (const oracle of oracles.values()) await oracle.start();
  return oracles;
}
