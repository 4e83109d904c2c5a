/** Somebody talks to an address or a domain that stands on one of the lists, or such an address to somebody here. */
import type { Finding } from "@flowtrail/model";
import { z } from "zod";
import { columnIs } from "../../query/filters.ts";
import type { Watcher } from "../watcher.ts";
import {
  type Asked,
  addressText,
  answeredText,
  evidence,
  isWho,
  MOST_GROUPS,
  nameOf,
  ofBegun,
  type SrcRow,
  srcOf,
  whoColumns,
  whoKeys,
  whoLabel,
  whoSql,
} from "./begun.ts";
import type { Listed, ListedIndex } from "./listed-index.ts";

const listedSettings = z.strictObject({
  lists: z.array(z.string(), "expected a list of names").default([]).describe("Only these; left empty: all"),
});
type ListedSettings = z.infer<typeof listedSettings>;

interface Value {
  readonly value: string;
}

interface Talked extends SrcRow {
  readonly other: string;
  readonly connections: string;
  readonly answered: string;
}

const MOST_VALUES = 200_000;
const MOST_HITS = 500;

export function listedWatcher(lists: () => ListedIndex): Watcher<ListedSettings> {
  return {
    kind: "listed",
    settings: listedSettings,
    notOnHistory: null,
    async look({ filter, settings }, window, tools) {
      const index = lists();
      if (index.isEmpty) {
        tools.note("no list has any entry: put files of addresses and domains into the directory of lists");
        return [];
      }
      const asked = { filter, window, tools };
      const isAsked = (found: Listed | null): found is Listed =>
        found !== null && (settings.lists.length === 0 || settings.lists.includes(found.list));
      const hits = async (column: "domain" | "dst_ip" | "src_ip") => {
        const found = new Map<string, Listed>();
        for (const { value } of await valuesOf(asked, column)) {
          const listed = column === "domain" ? index.ofDomain(value) : index.ofAddress(addressText(value));
          if (isAsked(listed) && found.size < MOST_HITS) found.set(value, listed);
        }
        return found.size === 0 ? [] : findingsOf(asked, column, found);
      };
      return (await Promise.all([hits("domain"), hits("dst_ip"), hits("src_ip")])).flat();
    },
  };
}

/** What there is in the window at all: far fewer than are listed. */
function valuesOf(asked: Asked, column: "domain" | "dst_ip" | "src_ip"): Promise<Value[]> {
  const type = column === "src_ip" ? "src_type" : "dst_type";
  return ofBegun<Value>(
    asked,
    [column, type],
    (begun) =>
      `SELECT DISTINCT toString(${column}) AS value FROM (${begun}) ` +
      `WHERE ${column === "domain" ? "isNotNull(domain)" : `${type} = 'external'`} LIMIT {most:UInt32}`,
    { most: MOST_VALUES },
  );
}

async function findingsOf(
  asked: Asked,
  column: "domain" | "dst_ip" | "src_ip",
  hits: ReadonlyMap<string, Listed>,
): Promise<Finding[]> {
  const isIncoming = column === "src_ip";
  const end = isIncoming ? "dst" : "src";
  const type = column === "domain" ? "String" : "IPv6";
  const rows = await ofBegun<Talked & { readonly dst_kind: string; readonly dst_name: string | null; readonly dst_at: string }>(
    asked,
    ["network", ...whoColumns(end), column, "verdict"],
    (begun) =>
      `SELECT network, ${whoSql(end).join(", ")}, toString(${column}) AS other, count() AS connections, countIf(verdict = 'answered') AS answered ` +
      `FROM (${begun}) WHERE ${column} IN {hits:Array(${type})} GROUP BY network, ${whoKeys(end)}, other ` +
      "ORDER BY connections DESC LIMIT {most:UInt32}",
    { hits: [...hits.keys()], most: MOST_GROUPS },
  );
  return rows.flatMap((row): Finding[] => {
    const listed = hits.get(row.other);
    if (listed === undefined) return [];
    const who = isIncoming ? { type: row.dst_kind, name: row.dst_name, ip: addressText(row.dst_at) } : srcOf(row);
    const other = column === "domain" ? row.other : addressText(row.other);
    const entry = listed.entry === other ? "" : ` as ${listed.entry}`;
    const talked = isIncoming ? `${other} talked to ${nameOf(who)}` : `${nameOf(who)} talked to ${other}`;
    const where = { domain: "dst.domain", dst_ip: "dst.ip", src_ip: "src.ip" }[column];
    return [
      {
        labels: { network: row.network, ...whoLabel(end, who), [where]: other, list: listed.list },
        value: Number(row.connections),
        limit: 1,
        summary: `${talked}, which is listed in ${listed.list}${entry}: ${answeredText(Number(row.connections), Number(row.answered))}`,
        q: evidence(asked.filter, row.network, [isWho(end, who), columnIs(column, [other])]),
        fromMs: asked.window.fromMs,
        toMs: asked.window.toMs,
      },
    ];
  });
}
