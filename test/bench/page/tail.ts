/** Rows that come in live, at a steady rate, while somebody looks at the top of the table. */
import { setTimeout as sleep } from "node:timers/promises";
import { flowIdWords, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { Browser, CDPSession, Page } from "playwright-core";
import type { ProbedWindow } from "./probe.ts";
import { heapOf } from "./scroll.ts";
import { type TaskTimes, tasksDuring } from "./tasks.ts";

const BATCHES_A_SECOND = 5;

export interface TailResult {
  readonly seconds: number;
  readonly delivered: number;
  readonly frames: readonly number[];
  readonly longTasks: readonly number[];
  readonly tasks: TaskTimes;
  readonly heapBefore: number;
  readonly heapAfter: number;
  /** What the page says of what it leaves out. */
  readonly said: string;
}

export async function tail(
  browser: Browser,
  page: Page,
  cdp: CDPSession,
  server: string,
  rate: number,
  seconds: number,
): Promise<TailResult> {
  await page.locator(".live-on").waitFor();
  // What the first rows cost is no matter of the tail.
  await deliverFor(server, rate, 3);
  const heapBefore = await heapOf(cdp);
  await page.evaluate(() => {
    const { probe } = window as unknown as ProbedWindow;
    probe.longTasks.length = 0;
    probe.frames.length = 0;
    probe.watch = true;
  });
  const [delivered, tasks] = await tasksDuring(browser, page, () => deliverFor(server, rate, seconds));
  const told = await page.evaluate(() => {
    const { probe } = window as unknown as ProbedWindow;
    probe.watch = false;
    const said = [...document.querySelectorAll(".live-state, .status-line .warn")].map((one) => one.textContent).join(", ");
    return { frames: [...probe.frames], longTasks: [...probe.longTasks], said };
  });
  return { seconds, delivered, tasks, ...told, heapBefore, heapAfter: await heapOf(cdp) };
}

let sequence = 0;

/** As agents do: some rows at once, several times a second. What can't be delivered in time is left out. */
async function deliverFor(server: string, rate: number, seconds: number): Promise<number> {
  const beganMs = Date.now();
  let delivered = 0;
  for (let batch = 0; batch < seconds * BATCHES_A_SECOND; batch++) {
    const waitMs = beganMs + (batch * 1000) / BATCHES_A_SECOND - Date.now();
    if (waitMs > 0) await sleep(waitMs);
    if (Date.now() - beganMs > seconds * 1000) break;
    const rows = Array.from({ length: rate / BATCHES_A_SECOND }, () => JSON.stringify(row()));
    const response = await fetch(`${server}/ingest/v1/flows`, {
      method: "POST",
      headers: { "content-type": NDJSON_CONTENT_TYPE, "flowtrail-node": "bench-node" },
      body: rows.join("\n"),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    delivered += rows.length;
  }
  return delivered;
}

function row() {
  const id = sequence++;
  const startMs = Date.now() - 200;
  const words = new Uint32Array(2);
  flowIdWords(startMs, id, words, 0);
  const end = new Date(startMs + 100).toISOString();
  return {
    flow_id: String((BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0)),
    revision: 0,
    reporter: "bench-node",
    network: "office",
    direction: "egress",
    role: "initiator",
    protocol: 6,
    src_ip: `10.${id & 3}.${(id >> 2) & 255}.${(id >> 10) & 255}`,
    src_port: 1024 + (id % 60_000),
    dst_ip: "203.0.113.10",
    dst_port: 443,
    domain: `host-${id % 50}.example.net`,
    domain_source: "sni",
    src_bytes: 400 + (id % 5000),
    dst_bytes: 9000 + (id % 90_000),
    src_packets: 12,
    dst_packets: 10,
    start: new Date(startMs).toISOString(),
    last_seen: end,
    end,
    state: "closed",
    end_reason: "finished",
    verdict: "answered",
  };
}
