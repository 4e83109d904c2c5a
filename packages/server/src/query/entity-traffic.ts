/** How much traffic each node, user, config file, egress route or network had at either end, by name: all of them in one answer. */
import { allFilters, type Filter, type ParticipantType, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { columnGroup, type GroupField } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { groupName } from "./traffic/traffic-sql.ts";

export interface EntityTrafficQuery {
  readonly range: TimeRange;
  readonly filter: Narrowed;
  /** What has the traffic; null: networks, which have all of it once. */
  readonly type: ParticipantType | null;
}

export interface TrafficOfOne {
  /** That its flows were of. */
  readonly networks: ReadonlySet<string>;
  readonly bytes: bigint;
  readonly connections: bigint;
  /** Bytes of each step. */
  readonly series: readonly bigint[];
}

export interface EntityTraffic {
  readonly byName: ReadonlyMap<string, TrafficOfOne>;
  readonly stepMs: number;
  /** Beginning of the first step. */
  readonly fromMs: number;
  readonly estimated: boolean;
}

/** Of a line that says how it went, not how much it was. */
const STEPS = 24;
/** So many are enough, if they are as wide as the buckets of a rollup. */
const FEW_STEPS = 6;

interface Row {
  readonly g0: string;
  readonly g1?: string | null;
  readonly bytes: string;
  readonly connections: string;
  readonly at: readonly string[];
  readonly added: readonly string[];
}

type Mutable = { -readonly [K in keyof TrafficOfOne]: TrafficOfOne[K] } & { networks: Set<string>; series: bigint[] };

/** A flow whose two ends have one name counts twice for it. @throws StoreError, QuestionError */
export async function entityTraffic(
  traffic: Traffic,
  { range, filter, type }: EntityTrafficQuery,
  inquiry: Inquiry,
): Promise<EntityTraffic> {
  const sides = type === null ? [{ filter, groups: [NETWORK] }] : (["src", "dst"] as const).map((end) => side(end, type, filter));
  // The same steps at both ends: the wider ones.
  const stepMs = Math.max(...sides.map((one) => stepFor(range, STEPS, leastStepMs(one, range, FEW_STEPS))));
  const count = stepsIn(range, stepMs);
  const byName = new Map<string, Mutable>();
  const asked = await Promise.all(
    sides.map(async (one) => {
      const plan = traffic.plan({ ...one, measures: ["bytes", "connections"], range, stepMs });
      const names = one.groups.map((_, i) => groupName(i)).join(", ");
      const rows = await traffic.rows<Row>(
        plan,
        inquiry,
        (subquery) =>
          `SELECT ${names}, sum(b) AS bytes, sum(c) AS connections, groupArray(step) AS at, groupArray(b) AS added FROM ` +
          `(SELECT ${names}, step, sum(m_bytes) AS b, sum(m_connections) AS c FROM (${subquery}) GROUP BY ${names}, step) GROUP BY ${names}`,
        {},
      );
      return { rows, estimated: plan.estimated };
    }),
  );
  for (const { g0: network, g1: name = network, bytes, connections, at, added } of asked.flatMap(({ rows }) => rows)) {
    if (name === null || (bytes === "0" && connections === "0")) continue;
    const one = byName.get(name) ?? { networks: new Set(), bytes: 0n, connections: 0n, series: new Array(count).fill(0n) };
    byName.set(name, one);
    one.networks.add(network);
    one.bytes += BigInt(bytes);
    one.connections += BigInt(connections);
    for (const [i, step] of at.entries()) one.series[Number(step)] = (one.series[Number(step)] ?? 0n) + BigInt(added[i] ?? 0);
  }
  return { byName, stepMs, fromMs: alignDown(range.fromMs, stepMs), estimated: asked.some(({ estimated }) => estimated) };
}

const NETWORK = columnGroup("network");

function side(end: "src" | "dst", type: ParticipantType, filter: Filter): { filter: Filter; groups: GroupField[] } {
  return { filter: allFilters([filter, columnIs(`${end}_type`, [type])]), groups: [NETWORK, columnGroup(`${end}_name`)] };
}
