/** Connections that no policy allows, in the networks for which there is any policy. Without a policy nothing is outside of one. */
import type { Finding } from "@flowtrail/model";
import { protocolName } from "@flowtrail/model";
import { z } from "zod";
import type { Inventory } from "../../identify/inventory-schema.ts";
import { columnIs } from "../../query/filters.ts";
import { listText } from "../../settings/list-text.ts";
import type { Watcher } from "../watcher.ts";
import {
  addressText,
  answeredText,
  type DstRow,
  evidence,
  isWho,
  MOST_GROUPS,
  nameOf,
  ofBegun,
  type SrcRow,
  whoColumns,
  whoLabel,
  whoSql,
} from "./begun.ts";
import { type PolicySet, tagsOf } from "./policies.ts";

const outsideSettings = z.strictObject({
  least_connections: z.number().int().min(1).max(1_000_000).default(1).describe("Of one pair within the window"),
});
type OutsideSettings = z.infer<typeof outsideSettings>;

interface Row extends SrcRow, DstRow {
  readonly src_ip: string;
  readonly dst_ip: string;
  readonly domain: string | null;
  readonly protocol: number;
  readonly port: number | null;
  readonly connections: string;
  readonly answered: string;
}

interface Pair {
  readonly rows: Row[];
  connections: number;
  answered: number;
}

const MOST_TALKS = 20_000;

export function outsidePolicyWatcher(policies: () => PolicySet): Watcher<OutsideSettings> {
  return {
    kind: "outside-policy",
    settings: outsideSettings,
    notOnHistory: null,
    async look({ filter, settings }, window, tools) {
      const set = policies();
      if (set.isEmpty) {
        tools.note("no policy says who may talk to whom: this rule has nothing to compare with");
        return [];
      }
      const rows = await ofBegun<Row>(
        { filter, window, tools },
        ["network", ...whoColumns("src"), ...whoColumns("dst"), "domain", "protocol", "dst_port", "verdict"],
        (begun) =>
          `SELECT network, ${whoSql("src").join(", ")}, ${whoSql("dst").join(", ")}, toString(src_ip) AS src_ip, toString(dst_ip) AS dst_ip, ` +
          "domain, protocol, dst_port AS port, count() AS connections, countIf(verdict = 'answered') AS answered " +
          `FROM (${begun}) WHERE ifNull(verdict != 'denied', true) GROUP BY ALL ORDER BY connections DESC LIMIT {most:UInt32}`,
        { most: MOST_TALKS },
      );
      if (rows.length === MOST_TALKS)
        tools.note("there are more pairs than are looked at in one window: a filter makes them fewer");
      const outside = pairsOf(rows.filter((row) => !isCovered(row, set, tools.inventory.current())));
      return outside
        .filter(({ connections }) => connections >= settings.least_connections)
        .sort((a, b) => b.connections - a.connections)
        .slice(0, MOST_GROUPS)
        .map((pair): Finding => {
          const [first] = pair.rows as [Row];
          const [from, to] = [endOf(first, "src"), endOf(first, "dst")];
          return {
            labels: { network: first.network, ...whoLabel("src", from), ...whoLabel("dst", to) },
            value: pair.connections,
            limit: settings.least_connections,
            summary:
              `${nameOf(from)} talked to ${first.domain ?? nameOf(to)} on ${portsOf(pair.rows)}, which no policy allows: ` +
              answeredText(pair.connections, pair.answered),
            q: evidence(filter, first.network, [isWho("src", from), isWho("dst", to), ...portFilter(pair.rows)]),
            fromMs: window.fromMs,
            toMs: window.toMs,
          };
        });
    },
  };
}

function isCovered(row: Row, set: PolicySet, inventory: Inventory): boolean {
  const { network, protocol, port } = row;
  if (!set.speaksOf(network)) return true;
  const end = (which: "src" | "dst", domain: string | null) => {
    const who = endOf(row, which);
    return { ...who, domain, tags: tagsOf(inventory, network, who) };
  };
  return set.covers({ network, protocol, port, from: end("src", null), to: end("dst", row.domain) });
}

const endOf = (row: Row, end: "src" | "dst") => ({
  type: row[`${end}_kind`],
  name: row[`${end}_name`],
  ip: addressText(row[`${end}_ip`]),
});

function pairsOf(rows: readonly Row[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const row of rows) {
    const key = JSON.stringify([row.network, nameOf(endOf(row, "src")), nameOf(endOf(row, "dst"))]);
    const pair = pairs.get(key) ?? { rows: [], connections: 0, answered: 0 };
    pair.rows.push(row);
    pair.connections += Number(row.connections);
    pair.answered += Number(row.answered);
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

function portsOf(rows: readonly Row[]): string {
  const texts = rows.map(({ protocol, port }) => `${protocolName(protocol).toUpperCase()}${port === null ? "" : ` ${port}`}`);
  return listText([...new Set(texts)]);
}

/** Of many ports, no condition: the evidence may show what is allowed, too. */
function portFilter(rows: readonly Row[]) {
  const ports = [...new Set(rows.flatMap(({ port }) => port ?? []))];
  return ports.length === 0 || ports.length > 20 || rows.some(({ port }) => port === null) ? [] : [columnIs("dst_port", ports)];
}
