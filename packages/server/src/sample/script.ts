/** What happens in the sample network: conversations that begin, go on and end, as agents would report them. */
import { addJsonRow, FlowBatch, flowIdWords, type JsonRow } from "@flowtrail/model";
import { SAMPLE_NETWORK } from "../receive/check.ts";

interface Scene {
  readonly weight: number;
  readonly protocol: number;
  readonly src: string;
  readonly dst: string;
  readonly port: number | null;
  readonly domain?: string;
  readonly lifeMs: number;
  /** Bytes a second, each way. */
  readonly up: number;
  readonly down: number;
  readonly verdict: "answered" | "refused" | "unanswered";
  readonly reports: readonly (readonly [
    reporter: string,
    direction: "ingress" | "egress",
    role: "initiator" | "responder" | "forwarder",
  ])[];
}

const throughGateway = [["sample-inetgw", "ingress", "forwarder"]] as const;
const bothNodes = [
  ["sample-debian", "egress", "initiator"],
  ["sample-inetgw", "ingress", "responder"],
] as const;
const web = { weight: 6, protocol: 6, port: 443, verdict: "answered", reports: throughGateway } as const;

const SCENES: readonly Scene[] = [
  { ...web, src: "100.102.137.21", dst: "203.0.113.10", domain: "docs.example.com", lifeMs: 8_000, up: 900, down: 12_000 },
  { ...web, src: "100.102.137.21", dst: "203.0.113.26", domain: "video.example.net", lifeMs: 180_000, up: 4_000, down: 350_000 },
  { ...web, src: "100.102.137.22", dst: "198.51.100.14", domain: "chat.example.org", lifeMs: 60_000, up: 200, down: 300 },
  {
    ...web,
    src: "100.102.137.22",
    dst: "198.51.100.80",
    protocol: 17,
    domain: "cdn.example.net",
    lifeMs: 12_000,
    up: 800,
    down: 60_000,
  },
  { ...web, weight: 4, src: "100.102.137.21", dst: "100.102.137.4", protocol: 17, port: 53, lifeMs: 20, up: 3_000, down: 6_000 },
  { ...web, weight: 2, src: "100.102.137.30", dst: "10.20.3.4", port: 9100, lifeMs: 15_000, up: 20_000, down: 400 },
  {
    ...web,
    weight: 2,
    src: "100.102.137.9",
    dst: "100.102.137.4",
    port: 22,
    lifeMs: 120_000,
    up: 300,
    down: 900,
    reports: bothNodes,
  },
  {
    ...web,
    weight: 1,
    src: "100.102.137.9",
    dst: "100.102.137.4",
    verdict: "refused",
    lifeMs: 10,
    up: 6_000,
    down: 4_000,
    reports: bothNodes,
  },
  {
    ...web,
    weight: 1,
    src: "100.102.137.22",
    dst: "10.20.9.9",
    port: 3389,
    verdict: "unanswered",
    lifeMs: 40_000,
    up: 6,
    down: 0,
  },
  {
    ...web,
    weight: 1,
    src: "100.102.137.9",
    dst: "100.102.137.4",
    protocol: 1,
    port: null,
    lifeMs: 5_000,
    up: 84,
    down: 84,
    reports: bothNodes,
  },
];

interface Playing {
  readonly scene: Scene;
  readonly startMs: number;
  readonly endMs: number;
  readonly srcPort: number | null;
  readonly flowIds: readonly string[];
  revision: number;
  toldMs: number;
}

/** About one conversation in two seconds. */
const SCENES_PER_MS = 1 / 2000;
const UPDATE_MS = 10_000;

export class SampleScript {
  readonly #random: () => number;
  #nowMs: number;
  #sequence = 0;
  #playing: Playing[] = [];

  constructor(options: { random: () => number; fromMs: number }) {
    this.#random = options.random;
    this.#nowMs = options.fromMs;
  }

  /** What is to be reported between the last call and `toMs`. */
  advance(toMs: number): FlowBatch {
    const batch = new FlowBatch();
    const elapsedMs = Math.max(0, toMs - this.#nowMs);
    const begin = Math.min(elapsedMs * SCENES_PER_MS, MAX_AT_ONCE);
    const count = Math.floor(begin) + (this.#random() < begin % 1 ? 1 : 0);
    for (let i = 0; i < count; i++) this.#begin(this.#nowMs + this.#random() * elapsedMs);
    for (const playing of this.#playing) this.#report(batch, playing, toMs);
    this.#playing = this.#playing.filter(({ endMs }) => endMs > toMs);
    this.#nowMs = Math.max(this.#nowMs, toMs);
    return batch;
  }

  #begin(atMs: number): void {
    const scene = this.#pick();
    const startMs = Math.floor(atMs);
    const lifeMs = scene.lifeMs * (0.5 + this.#random());
    const srcPort = scene.port === null ? null : 32_768 + Math.floor(this.#random() * 28_000);
    const flowIds = scene.reports.map(() => this.#flowId(startMs));
    this.#playing.push({ scene, startMs, endMs: Math.floor(startMs + lifeMs), srcPort, flowIds, revision: -1, toldMs: 0 });
  }

  #pick(): Scene {
    let at = this.#random() * SCENES.reduce((sum, { weight }) => sum + weight, 0);
    for (const scene of SCENES) {
      at -= scene.weight;
      if (at < 0) return scene;
    }
    return SCENES[0] as Scene;
  }

  #flowId(ms: number): string {
    const words = new Uint32Array(2);
    flowIdWords(ms, this.#sequence++, words, 0);
    return String((BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0));
  }

  #report(batch: FlowBatch, playing: Playing, nowMs: number): void {
    const ended = playing.endMs <= nowMs;
    if (!ended && playing.revision >= 0 && nowMs - playing.toldMs < UPDATE_MS) return;
    playing.revision++;
    const sinceMs = playing.toldMs || playing.startMs;
    playing.toldMs = Math.min(nowMs, playing.endMs);
    for (const [i, report] of playing.scene.reports.entries()) {
      const problem = addJsonRow(batch, row(playing, playing.flowIds[i] ?? "0", report, sinceMs, ended));
      if (problem !== null) throw new TypeError(`sample: ${problem.column}: ${problem.message}`);
    }
  }
}

/** After a pause (a laptop that slept) not everything is made up for. */
const MAX_AT_ONCE = 1000;

function row(playing: Playing, flowId: string, report: Scene["reports"][number], sinceMs: number, ended: boolean): JsonRow {
  const { scene, startMs, endMs, srcPort, revision, toldMs } = playing;
  const [reporter, direction, role] = report;
  const total = (rate: number, untilMs: number) => Math.round((rate * (untilMs - startMs)) / 1000);
  const added = (rate: number) => total(rate, toldMs) - total(rate, sinceMs);
  const packets = (bytes: number) => Math.ceil(bytes / 900);
  const iso = (ms: number) => new Date(ms).toISOString();
  const icmp = scene.protocol === 1;
  return {
    flow_id: flowId,
    revision,
    reporter,
    network: SAMPLE_NETWORK,
    direction,
    role,
    protocol: scene.protocol,
    src_ip: scene.src,
    src_port: srcPort,
    dst_ip: scene.dst,
    dst_port: scene.port,
    icmp_type: icmp ? 8 : null,
    icmp_code: icmp ? 0 : null,
    icmp_id: icmp ? 1 : null,
    src_bytes: total(scene.up, toldMs),
    dst_bytes: total(scene.down, toldMs),
    src_packets: packets(total(scene.up, toldMs)),
    dst_packets: packets(total(scene.down, toldMs)),
    src_bytes_delta: added(scene.up),
    dst_bytes_delta: added(scene.down),
    src_packets_delta: packets(total(scene.up, toldMs)) - packets(total(scene.up, sinceMs)),
    dst_packets_delta: packets(total(scene.down, toldMs)) - packets(total(scene.down, sinceMs)),
    since: iso(sinceMs),
    counters_final: ended,
    estimated: false,
    start_exact: true,
    start: iso(startMs),
    last_seen: iso(toldMs),
    end: ended ? iso(endMs) : null,
    state: ended ? "closed" : "open",
    end_reason: ended ? endReason(scene) : null,
    verdict: scene.verdict === "unanswered" && !ended ? null : scene.verdict,
    domain: scene.domain ?? null,
    domain_source: scene.domain === undefined ? null : "dns",
  };
}

function endReason({ protocol, verdict }: Scene): string {
  if (verdict === "refused") return "reset";
  return protocol === 6 && verdict === "answered" ? "finished" : "timeout";
}
