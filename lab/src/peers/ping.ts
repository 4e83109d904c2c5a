import { spawn } from "node:child_process";
import { once } from "node:events";
import type { OpResult, PingOp } from "./protocol.ts";

/** Payload of an echo request: 8 bytes of ICMP header and what `-s` says. */
const dataBytes = 56;
const icmpHeaderBytes = 8;

/** Pings by the machine's `ping`. Byte counts are those of ICMP, header included. */
export async function ping(op: PingOp, signal: AbortSignal): Promise<OpResult> {
  const startedAt = Date.now();
  const argv = [
    "-n",
    "-c",
    op.count,
    "-i",
    op.everyMs / 1000,
    "-W",
    2,
    "-s",
    dataBytes,
    "-e",
    op.id,
    "-I",
    op.local,
    op.remote,
  ].map(String);
  const child = spawn("ping", argv, { stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGKILL" });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  await once(child, "close");
  const [, sentPackets, receivedPackets] = (/(\d+) packets transmitted, (\d+) received/.exec(text) ?? []).map(Number);
  if (sentPackets === undefined || receivedPackets === undefined) throw new Error(`ping: ${text.trim()}`);
  const bytes = dataBytes + icmpHeaderBytes;
  return {
    outcome: receivedPackets > 0 ? "answered" : "silent",
    localPort: null,
    sentBytes: sentPackets * bytes,
    receivedBytes: receivedPackets * bytes,
    sentPackets,
    receivedPackets,
    startedAt,
    endedAt: Date.now(),
  };
}
