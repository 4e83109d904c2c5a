/**
 * `npm run bench:latency`: from the first packet of a connection to its row in `GET /api/flows`, over 50 connections in the lab,
 * beside the time that an answer of the same API takes on the same machine. Prints a table, or JSON with --json.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type LabConnection, labTraffic } from "@flowtrail/lab";
import { type FlowPage, LabBed } from "../integration/harness/bed.ts";

const CONNECTIONS = 50;
const GIVE_UP_MS = 20_000;

const bed = await LabBed.up("lat", { nodes: ["debian"] });
try {
  const visible: number[] = [];
  const asks: number[] = [];
  for (let i = 0; i < CONNECTIONS; i++) visible.push(await oneConnection(asks));
  const report = { connections: CONNECTIONS, row_visible_ms: summary(visible), api_answer_ms: summary(asks), goal_p95_ms: 2000 };
  if (process.argv.includes("--json")) console.log(JSON.stringify(report));
  else {
    console.log(`${CONNECTIONS} connections            p50      p95      max`);
    for (const [name, { p50, p95, max }] of Object.entries({
      "first packet → row": report.row_visible_ms,
      "one answer of the API": report.api_answer_ms,
    })) {
      console.log(`${name.padEnd(24)} ${[p50, p95, max].map((ms) => `${ms.toFixed(0)} ms`.padStart(8)).join(" ")}`);
    }
  }
} finally {
  await bed.down();
}

/** Opens a connection that stays open and asks until it is listed as open. Returns ms from its start. */
async function oneConnection(asks: number[]): Promise<number> {
  const stop = new AbortController();
  let opened: LabConnection | null = null;
  const onConnection = (connection: LabConnection) => {
    opened ??= connection;
  };
  const traffic = labTraffic({ name: bed.name }, "trickle", { family: 4, seconds: 60, signal: stop.signal, onConnection });
  try {
    while (!opened) await sleep(1);
    const { srcIp, srcPort, startedAt } = opened as LabConnection;
    const query = new URLSearchParams({ from: "-5m", reports: "all", src_ip: srcIp, src_port: String(srcPort), state: "open" });
    while (Date.now() - startedAt < GIVE_UP_MS) {
      const askedAt = Date.now();
      const { flows } = await bed.get<FlowPage>(`/api/flows?${query}`);
      asks.push(Date.now() - askedAt);
      if (flows.length > 0) return Date.now() - startedAt;
      await sleep(20);
    }
    throw new Error(`the connection from port ${srcPort} was not listed within ${GIVE_UP_MS / 1000} s`);
  } finally {
    stop.abort();
    await traffic;
  }
}

function summary(values: readonly number[]): { p50: number; p95: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
