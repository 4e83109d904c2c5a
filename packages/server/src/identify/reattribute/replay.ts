/** Names the ends of stored flows again, after the inventory was wrong: participants, the inventory's domain, rank and primary. */
import { type FlowBatch, rowToJson } from "@flowtrail/model";
import { asBatch, asReported, type Change, type Editions, type StoredFlow, type StoredValues } from "../../store/editions.ts";
import type { Identify } from "../identify.ts";
import type { ReplayTask } from "./job.ts";
import type { Tally } from "./tally.ts";
import { walk } from "./walk.ts";

export interface ReplayDeps {
  readonly editions: Editions;
  readonly identify: Pick<Identify, "fill">;
}

const PARTICIPANT = ["type", "id", "name", "device", "by"] as const;
const ENDS = ["src", "dst"] as const;
const NAMES = ENDS.flatMap((end) => PARTICIPANT.map((what) => `${end}_${what}` as const));
const COLUMNS = [...NAMES, "domain", "domain_source"] as const;

/** @throws StoreError, or the signal's reason */
export async function replay(
  task: ReplayTask,
  { editions, identify }: ReplayDeps,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const { fromMs, toMs, network, isDryRun } = task;
  await walk(editions, { fromMs, toMs, network, byStart: true, onlyContested: false }, signal, async (table, page) => {
    tally.read(page.length, page.at(-1)?.startMs ?? fromMs);
    const batch = asBatch(page, asReported);
    forgetInventoryDomains(batch);
    identify.fill(batch);
    const changes = page.flatMap((flow, row) => changeOf(flow, batch, row));
    for (const { flow, set } of changes)
      tally.changed(told(flow.values, set), flow.values.primary === true, (set.primary ?? flow.values.primary) === true);
    if (isDryRun) return;
    await editions.write(table, changes);
    const elected = changes
      .filter(({ set }) => set.primary !== undefined)
      .map(({ flow, set }) => ({ flow, primary: set.primary === true }));
    for (const primary of [true, false]) {
      await editions.alignDeltas(
        elected.filter((one) => one.primary === primary).map(({ flow }) => flow),
        primary,
      );
    }
  });
}

/** A domain that the inventory knew is found out anew; one that was seen in packets stays. */
function forgetInventoryDomains({ length, columns: { domain, domain_source } }: FlowBatch): void {
  for (let row = 0; row < length; row++) {
    if (domain_source.get(row) !== "inventory") continue;
    domain.setNull(row);
    domain_source.setNull(row);
  }
}

function changeOf(flow: StoredFlow, batch: FlowBatch, row: number): Change[] {
  const found = rowToJson(batch, row);
  const set: Record<string, StoredValues[string]> = {};
  for (const name of COLUMNS) if ((found[name] ?? null) !== (flow.values[name] ?? null)) set[name] = found[name] ?? null;
  if (found.rank !== flow.values.rank) set.rank = found.rank ?? 0;
  if (found.primary !== flow.values.primary) set.primary = found.primary ?? false;
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
