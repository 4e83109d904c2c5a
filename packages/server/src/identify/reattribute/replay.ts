/** Names the ends of stored flows again, after the inventory was wrong: participants, the inventory's domain, rank and primary. */
import { type FlowBatch, rowToJson } from "@flowtrail/model";
import { asBatch, asReported, type Change, type Editions, type StoredFlow, type StoredValues } from "../../store/editions.ts";
import type { InventoryInTime } from "../attribution/attribution.ts";
import { Identify } from "../identify.ts";
import type { ElectionDeps } from "./election.ts";
import type { ReplayTask } from "./job.ts";
import type { Tally } from "./tally.ts";
import { walk } from "./walk.ts";

export interface ReplayDeps extends Pick<ElectionDeps, "roster"> {
  readonly editions: Editions;
  readonly inventory: InventoryInTime;
  /** What may be kept of who ends are: names of people may be under pseudonyms. */
  readonly disguiseRows: (batch: FlowBatch) => void;
}

const PARTICIPANT = ["type", "id", "name", "device", "by"] as const;
const ENDS = ["src", "dst"] as const;
const NAMES = ENDS.flatMap((end) => PARTICIPANT.map((what) => `${end}_${what}` as const));
const COLUMNS = [...NAMES, "domain", "domain_source"] as const;

/** @throws StoreError, or the signal's reason */
export async function replay(task: ReplayTask, deps: ReplayDeps, tally: Tally, signal: AbortSignal): Promise<void> {
  const { editions, inventory, roster } = deps;
  const { fromMs, toMs, network, isDryRun, asOfMs } = task;
  const identify = new Identify({ inventory: readAt(inventory, asOfMs), expected: () => false });
  await walk(editions, { fromMs, toMs, network, byStart: true, onlyContested: false }, signal, async (table, page) => {
    tally.read(page.length, page.at(-1)?.startMs ?? fromMs);
    const [strict, wide] = (["unclear", "no"] as const).map((below) => {
      const batch = asBatch(page, asReported);
      identify.fill(batch, (node, life) => {
        const presence = roster.presence(node, life);
        return presence === "yes" || (presence === "unclear" && below === "no");
      });
      deps.disguiseRows(batch);
      return batch;
    }) as [FlowBatch, FlowBatch];
    const changes = page.flatMap((flow, row) => changeOf(flow, strict, wide, row));
    for (const { flow, set } of changes) {
      tally.changed(told(flow.values, set), flow.values.primary === true, (set.primary ?? flow.values.primary) === true);
    }
    if (isDryRun) return;
    await editions.write(table, changes);
    await editions.alignDeltas(changes.map(({ flow }) => flow));
  });
}

/** The inventory, read as it stood at one time, whatever corrections say. */
function readAt(inventory: InventoryInTime, asOfMs: number | null): InventoryInTime {
  return {
    get version() {
      return inventory.version;
    },
    networks: () => inventory.networks(),
    facts: (network) => inventory.facts(network),
    inventoryTime: (startMs) => asOfMs ?? startMs,
  };
}

function changeOf(flow: StoredFlow, strict: FlowBatch, wide: FlowBatch, row: number): Change[] {
  const found = rowToJson(strict, row);
  const set: Record<string, StoredValues[string]> = {};
  for (const name of COLUMNS) if ((found[name] ?? null) !== (flow.values[name] ?? null)) set[name] = found[name] ?? null;
  if (found.rank !== flow.values.rank) set.rank = found.rank ?? 0;
  // Where only rows could tell whether a better report is there, they were asked already.
  const either = [found.primary ?? false, wide.columns.primary.get(row) ?? false];
  if (!either.includes(flow.values.primary ?? false)) set.primary = found.primary ?? false;
  return Object.keys(set).length === 0 ? [] : [{ flow, set }];
}

/** "100.102.137.21: ana@example.com → bob@example.com" for each end that has another holder, and what else is different. */
function told(before: StoredValues, set: StoredValues): string[] {
  const whats = ENDS.flatMap((end) => {
    if (!PARTICIPANT.some((what) => `${end}_${what}` in set)) return [];
    const name = (values: StoredValues) => {
      const at = (what: string) => values[`${end}_${what}`] ?? null;
      const who = String(at("name") ?? at("id") ?? at("type"));
      return at("device") === null ? who : `${who} (${at("device")})`;
    };
    const address = String(before[`${end}_ip`]).replace(/^::ffff:/, "");
    return [`${address}: ${name(before)} → ${name({ ...before, ...set })}`];
  });
  if ("domain" in set) whats.push(`domain: ${before.domain ?? "none"} → ${set.domain ?? "none"}`);
  if (whats.length === 0) whats.push(set.primary === undefined ? "rank" : set.primary ? "counts now" : "does not count any more");
  return whats;
}
