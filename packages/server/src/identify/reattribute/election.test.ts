/** What an election of many reporters reads, and that it says what each one's would. The store is made up: what is asked of it is what matters. */
import { rowToJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { Roster } from "../../health/roster.ts";
import type {
  Change,
  Editions,
  FlowPlace,
  FlowTable,
  PageQuery,
  ReportQuery,
  StoredFlow,
  StoredValues,
} from "../../store/editions.ts";
import { batchOf } from "../../store/test-batches.ts";
import { FixedInventory } from "../attribution/fixed-inventory.ts";
import { Identify } from "../identify.ts";
import { inventoryOf } from "../testing.ts";
import { elect } from "./election.ts";
import type { ElectionTask } from "./job.ts";
import { Tally } from "./tally.ts";

const NODES = 6;
const ROWS = 2200;
const nowMs = Date.UTC(2026, 10, 20, 12);
const beganMs = nowMs - 600_000;
const address = (node: number) => `100.64.0.${node + 1}`;

/** Each flow is between two nodes, told by its responder; one in three also by its initiator, and one in three began just before all agents did. */
function rows(): StoredFlow[] {
  const given = Array.from({ length: ROWS }, (_, n) => {
    const [client, server] = [n % NODES, (n * 7 + 1) % NODES];
    const startMs = beganMs + (n % 3 === 0 ? -1000 - n : n * 100);
    const told = {
      network: "lab",
      start: startMs,
      last_seen: startMs + 400,
      end: startMs + 400,
      state: "closed",
      src_port: 1024 + n,
    };
    const ends = { src_ip: address(client), dst_ip: address(server) };
    const report = (node: number, role: string, id: number) => ({
      ...{ ...told, ...ends, role, reporter_id: `n${node}`, reporter: `n${node}`, flow_id: String(id) },
      primary: true,
      rank: role === "initiator" ? 1 : 3,
    });
    return [report(server, "responder", 2 * n), ...(n % 9 === 0 ? [report(client, "initiator", 2 * n + 1)] : [])];
  }).flat();
  const batch = batchOf(given);
  return given.map((row, at) => ({
    startMs: row.start,
    flowId: row.flow_id,
    reporterId: row.reporter_id,
    version: 0n,
    values: rowToJson(batch, at) as StoredValues,
  }));
}

class Stored {
  readonly asked = { pages: 0, rows: 0, reports: 0, aligned: 0 };
  #flows = rows().sort((a, b) => a.startMs - b.startMs || Number(a.flowId) - Number(b.flowId));

  get editions(): Editions {
    return this as unknown as Editions;
  }
  get primary(): string[] {
    return this.#flows.filter(({ values }) => values.primary === true).map(({ flowId }) => flowId);
  }
  async page({ table, fromMs, toMs, after, limit }: PageQuery) {
    const isAfter = (flow: StoredFlow, place: FlowPlace) =>
      flow.startMs > place.startMs || (flow.startMs === place.startMs && Number(flow.flowId) > Number(place.flowId));
    const found = (table === "flows" ? this.#flows : []).filter(
      (flow) =>
        flow.startMs <= toMs &&
        Date.parse(String(flow.values.last_seen)) >= fromMs &&
        flow.values.role !== "initiator" &&
        (after === null || isAfter(flow, after)),
    );
    const flows = found.slice(0, limit);
    this.asked.pages++;
    this.asked.rows += flows.length;
    return { flows, next: found.length > limit ? (flows.at(-1) ?? null) : null };
  }
  async write(_: FlowTable, changes: readonly Change[]) {
    const sets = new Map(changes.map(({ flow, set }) => [flow.flowId, set]));
    this.#flows = this.#flows.map((flow) => ({ ...flow, values: { ...flow.values, ...sets.get(flow.flowId) } }));
  }
  async alignDeltas(flows: readonly StoredFlow[]) {
    if (flows.length > 0) this.asked.aligned++;
  }
  async reportsOf({ reporterIds, ports }: ReportQuery) {
    this.asked.reports++;
    const [from, at] = [new Set(reporterIds), new Set(ports)];
    return this.#flows
      .filter((flow) => from.has(flow.reporterId) && at.has(Number(flow.values.src_port)))
      .map(({ values }) => values);
  }
}

/** Agents that were heard of for the first time when flows were stored already. */
function deps(stored: Stored) {
  const now = () => nowMs;
  const nodes = Array.from({ length: NODES }, (_, n) => `\n      - { id: n${n}, addresses: [${address(n)}] }`).join("");
  const inventory = new FixedInventory(inventoryOf(`\n  - id: lab\n    ranges: [100.64.0.0/24]\n    nodes:${nodes}`));
  const roster = new Roster(
    { silentAfterMs: () => 30_000 },
    { now, enrolled: async () => [], isOther: () => false, oldestMs: () => 0 },
  );
  for (let n = 0; n < NODES; n++) {
    const note = { reporterId: `n${n}`, reporter: `n${n}`, epoch: "e", sequence: 1, receivedMs: nowMs };
    roster.cover({ ...note, coveredFromMs: beganMs, coveredToMs: nowMs, firstStartMs: beganMs });
  }
  const identify = new Identify({ inventory, expected: (node, life) => roster.expects(node, life) });
  return { now, editions: stored.editions, identify, roster, lingerMs: 180_000 };
}

const tasks = (isProvisional: boolean): ElectionTask[] =>
  Array.from({ length: NODES }, (_, n) => {
    return { kind: "election", reporterId: `n${n}`, fromMs: beganMs - 180_000, toMs: null, isProvisional };
  });
const signal = new AbortController().signal;

describe("elections of many reporters at once", () => {
  it.each([true, false])(
    "read each row once, and say what they would say one after the other (provisional: %s)",
    async (isProvisional) => {
      const [together, apart] = [new Stored(), new Stored()];
      const before = together.primary;
      await elect(tasks(isProvisional), deps(together), new Tally(), signal);
      for (const task of tasks(isProvisional)) await elect([task], deps(apart), new Tally(), signal);
      expect(together.primary).toEqual(apart.primary);
      expect(together.primary).not.toEqual(before);
      expect(apart.asked.rows).toBe(NODES * together.asked.rows);
      // Of each page: what the unclear ones told, what the missing ones did, and what was decided.
      expect(together.asked.reports).toBeLessThanOrEqual(2 * together.asked.pages);
      expect(together.asked.aligned).toBeLessThanOrEqual(together.asked.pages);
    },
  );
});
