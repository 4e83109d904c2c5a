/** What an agent of a busy gateway reports: flows that began and ended between two uploads, others that begin, go on and end. */
import { encodeBatch, FLOW_ID_EPOCH_MS, FlowBatch, parseAddress, SENDER_COLUMNS } from "../../../packages/model/src/index.ts";

export const NETWORK = "bench";
export const USERS = 2000;
const HOSTS = 50_000;
/** Of 10 rows: short ones, first reports of longer ones, updates, ends. */
const SORTS = ["short", "short", "short", "short", "short", "open", "open", "update", "end", "end"] as const;

/** Which row of which upload before it goes on with. */
const BEFORE: Readonly<Record<string, { readonly rows: number; readonly uploads: number }>> = {
  update: { rows: 2, uploads: 1 },
  end: { rows: 3, uploads: 2 },
};

const v4 = (a: number, b: number, c: number, d: number) => parseAddress(`${a}.${b}.${c}.${d}`) as Uint8Array;
export const nodeAddress = (node: number) => `100.64.1.${node + 1}`;
export const userAddress = (user: number) => `100.64.${16 + (user >> 8)}.${user & 255}`;

/** Deterministic, and quick. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
const zipf = (random: () => number, count: number) =>
  Math.min(count - 1, Math.floor(Math.exp(random() * Math.log(count + 1))) - 1);

/** The uploads of one agent. Rows are varied from one to the next in what an index or a codec sees: ids, times, counters. */
export class AgentTraffic {
  readonly #batch: FlowBatch;
  readonly #node: number;
  /** Of the uploads so far, the newest first: an update is of a flow of the upload before, an end of the one before that. */
  #uploads: readonly { readonly nowMs: number; readonly sequence: number }[] = [];
  #sequence: number;
  #coveredMs: number;

  constructor(node: number, rows: number, nowMs: number) {
    this.#node = node;
    this.#sequence = (node * 999_983) % 4_000_000;
    this.#coveredMs = nowMs;
    this.#batch = new FlowBatch(rows);
    this.#batch.addRows(rows);
    for (let row = 0; row < rows; row++) this.#fill(row);
  }

  get name(): string {
    return `gw-${this.#node}`;
  }

  #fill(row: number): void {
    const { columns: c } = this.#batch;
    const sort = SORTS[row % SORTS.length];
    const first = row - (BEFORE[sort ?? "short"]?.rows ?? 0);
    const random = randomOf(this.#node * 7919 + first * 31 + 1);
    const user = zipf(random, USERS);
    const host = zipf(random, HOSTS);
    const isDns = first % 7 === 0;
    const isQuic = !isDns && first % 4 === 0;
    c.reporter.set(row, this.name);
    c.network.set(row, NETWORK);
    c.direction.set(row, "ingress");
    c.role.set(row, "forwarder");
    c.protocol.set(row, isDns || isQuic ? 17 : 6);
    c.src_ip.set(row, parseAddress(userAddress(user)) as Uint8Array);
    c.dst_ip.set(row, v4(198, 18 + (host >> 16), (host >> 8) & 255, host & 255));
    c.src_port.set(row, 32_768 + Math.floor(random() * 28_000));
    c.dst_port.set(row, isDns ? 53 : 443);
    c.nat_src_ip.set(row, v4(203, 0, 113, this.#node + 1));
    c.nat_src_port.set(row, 1024 + Math.floor(random() * 60_000));
    const bytes = Math.exp(7 + 2 * (random() + random() + random() - 1.5));
    for (const [name, value] of [
      ["src_bytes", 300 + bytes / 8],
      ["dst_bytes", 200 + bytes],
      ["src_packets", 3 + bytes / 700],
      ["dst_packets", 2 + bytes / 1200],
    ] as const) {
      c[name].set(row, sort === "open" ? 0 : Math.floor(value));
      if (sort !== "open") c[`${name}_delta`].set(row, Math.floor(value));
    }
    c.revision.set(row, sort === "update" ? 1 : sort === "end" ? 2 : 0);
    const ended = sort === "short" || sort === "end";
    c.counters_final.set(row, ended);
    c.start_exact.set(row, true);
    c.estimated.set(row, false);
    c.state.set(row, ended ? "closed" : "open");
    if (ended) c.end_reason.set(row, "finished");
    if (sort !== "open") c.verdict.set(row, "answered");
    c.ct_status.set(row, 14);
    if (!isDns) {
      c.domain.set(row, `host${host % 40}.site${Math.floor(host / 40)}.example`);
      c.domain_source.set(row, isQuic ? "quic" : "sni");
      c.app.set(row, isQuic ? "h3" : "h2");
    }
  }

  /** The next upload, before compression. Updates and ends are those of flows of the uploads before. */
  next(nowMs: number): Uint8Array {
    const { columns: c, length } = this.#batch;
    this.#uploads = [{ nowMs, sequence: this.#sequence }, ...this.#uploads.slice(0, 2)];
    for (let row = 0; row < length; row++) {
      const sort = SORTS[row % SORTS.length] ?? "short";
      const { rows, uploads } = BEFORE[sort] ?? { rows: 0, uploads: 0 };
      const upload = this.#uploads[uploads] ?? { nowMs: nowMs - 1000 * uploads, sequence: this.#sequence };
      const startMs = upload.nowMs - 50 - ((row - rows) % 400);
      const sequence = (upload.sequence + row - rows) & 0x3fffff;
      const sinceEpoch = startMs - FLOW_ID_EPOCH_MS;
      c.flow_id.setWords(row, ((sinceEpoch % 1024) << 22) | sequence, Math.floor(sinceEpoch / 1024));
      c.start.set(row, startMs);
      c.last_seen.set(row, nowMs - (row % 40));
      if (sort === "short" || sort === "end") c.end.set(row, nowMs - (row % 40));
      if (sort !== "open") c.since.set(row, startMs);
    }
    this.#sequence += length;
    const metadata = {
      agent_version: "bench",
      covered_from: this.#coveredMs,
      covered_to: nowMs,
      addresses: { [NETWORK]: [nodeAddress(this.#node)] },
      drops: {},
      gauges: { open_flows: length },
    };
    this.#coveredMs = nowMs;
    return encodeBatch(this.#batch, { columns: SENDER_COLUMNS, metadata });
  }
}

/** Who there is, as an inventory file (JSON is YAML). */
export function inventoryOf(nodes: number): string {
  return JSON.stringify({
    networks: [
      {
        id: NETWORK,
        ranges: ["100.64.0.0/16"],
        nodes: Array.from({ length: nodes }, (_, n) => ({ id: `gw-${n}`, addresses: [nodeAddress(n)], gateway: true })),
        users: Array.from({ length: USERS }, (_, n) => ({
          id: `user${n}@bench.example`,
          devices: [{ name: "laptop", addresses: [userAddress(n)], gateway: `gw-${n % nodes}` }],
        })),
      },
    ],
  });
}
