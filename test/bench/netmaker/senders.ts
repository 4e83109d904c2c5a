/** A process of its own: Netmaker agents, each on a stream, that send one envelope after the other and wait for each answer. */

import { openStream } from "../../../packages/server/src/receive/netmaker/testing/agent.ts";
import { destroy, encode, start } from "../../../packages/server/src/receive/netmaker/testing/events.ts";

export interface NetmakerOrder {
  readonly address: string;
  readonly streams: number;
  readonly events: number;
  /** Which of several runs: others' flows are not these. */
  readonly run: number;
}

export interface NetmakerResult {
  readonly events: number;
  readonly seconds: number;
  readonly wireBytes: number;
  readonly failed: number;
  /** From an envelope to its answer, ms. */
  readonly latencies: readonly number[];
  readonly cpuMs: number;
}

export type NetmakerMessage = { readonly kind: "ready" } | { readonly kind: "done"; readonly result: NetmakerResult };

const PER_ENVELOPE = 200;
const tell = (message: NetmakerMessage) => process.send?.(message);
let go: () => void = () => undefined;
process.on("message", (message: NetmakerOrder | "go") => {
  if (message === "go") go();
  else void run(message);
});

/** A hundred flows begin, then they end, in each envelope; of half of the agents as 1.4 speaks, of the others as 1.5 does. */
function envelopeOf(order: NetmakerOrder, stream: number, number: number): Uint8Array[] {
  const nowMs = Date.now();
  const dialect = stream % 2 === 0 ? "1.4" : "1.5";
  const changes = Array.from({ length: PER_ENVELOPE / 2 }, (_, i) => {
    const n = number * (PER_ENVELOPE / 2) + i;
    return {
      hostId: `00000000-0000-4000-8000-${String(order.run * 10_000 + stream).padStart(12, "0")}`,
      hostName: `gw-${stream}`,
      networkId: "bench",
      flowId: `${stream.toString(16).padStart(8, "0")}-9dc0-51d1-b245-${n.toString(16).padStart(12, "0")}`,
      srcPort: 1024 + (n % 60_000),
      dst: {
        ip: `198.18.${(n >> 8) & 255}.${n & 255}`,
        type: 5,
        id: `host-${n % 997}.example.com`,
        name: `host-${n % 997}.example.com`,
      },
      bytesSent: BigInt(500 + (n % 9000)),
    };
  });
  return [
    ...changes.map((change) => encode(dialect, start(dialect, change, nowMs))),
    ...changes.map((change) => encode(dialect, destroy(change, nowMs))),
  ];
}

async function run(order: NetmakerOrder): Promise<void> {
  const { streams, events, address } = order;
  const each = Math.max(1, Math.round(events / PER_ENVELOPE / streams));
  const opened = Array.from({ length: streams }, () => openStream("grpc-js", address));
  // Hosts that are heard of for the first time, and code that has run.
  await Promise.all(opened.map((stream, i) => stream.send(envelopeOf(order, i, 1_000_000))));
  const envelopes = opened.map((_, stream) => Array.from({ length: each }, (_, n) => envelopeOf(order, stream, n)));
  await new Promise<void>((resolve) => {
    go = resolve;
    tell({ kind: "ready" });
  });
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  const latencies: number[] = [];
  let [sent, failed, wireBytes] = [0, 0, 0];
  await Promise.all(
    opened.map(async (stream, i) => {
      for (const envelope of envelopes[i] ?? []) {
        const sentMs = performance.now();
        const { success } = await stream.send(envelope);
        latencies.push(performance.now() - sentMs);
        if (success) sent += envelope.length;
        else failed += envelope.length;
        wireBytes += envelope.reduce((sum, { length }) => sum + length + 3, 5);
      }
    }),
  );
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  for (const stream of opened) stream.close();
  tell({
    kind: "done",
    result: { events: sent, seconds, wireBytes, failed, latencies, cpuMs: (used.user + used.system) / 1000 },
  });
}
