/** A compliance report: who reached what, and who changed, looked at or took out what, within a time. Asked as the page asks. */
import type { TimeRange } from "@flowtrail/model";
import type { AuditEntry } from "../audit/entry.ts";
import type { Inquiry } from "../query/inquiry.ts";
import type { Narrowed } from "../query/narrowed.ts";
import { top } from "../query/top.ts";
import type { GroupField } from "../query/traffic/fields.ts";
import type { Traffic } from "../query/traffic/traffic.ts";
import type { AuditTable } from "../store/audit-table.ts";

/** What each kind tells: its title, and of which flows by what (what has no name has an address), or which entries of the audit log. */
export const REPORT_KINDS = {
  "by-user": { title: "Who reached what, by user", by: ["src.name", "dst.name", "dst.ip", "dst.port"], q: "src.type = user" },
  "by-source": { title: "Who reached what, by source", by: ["src.name", "src.ip", "dst.ip", "dst.port"], q: "" },
  "by-resource": { title: "Who reached what, by resource", by: ["dst.name", "dst.ip", "dst.port", "src.name"], q: "" },
  external: {
    title: "External destinations",
    by: ["dst.domain", "dst.ip", "src.name"],
    q: "dst.type in (external, egress_route)",
  },
  unanswered: {
    title: "Unanswered, refused and denied",
    by: ["verdict", "src.name", "dst.ip", "dst.port"],
    q: "verdict in (unanswered, refused, denied)",
  },
  changes: { title: "Changes of inventory, settings and access", audit: "changes" },
  looked: { title: "Who looked and exported", audit: "looked" },
} as const satisfies Readonly<
  Record<string, { title: string } & ({ by: readonly string[]; q: string } | { audit: "changes" | "looked" })>
>;

export type ReportKind = keyof typeof REPORT_KINDS;

export interface ComplianceReport {
  readonly title: string;
  readonly range: TimeRange;
  readonly madeMs: number;
  readonly who: string;
  /** In words that can be asked again. */
  readonly q: string;
  readonly totals: readonly (readonly [label: string, value: string])[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is behind the rows; empty: nothing. */
  readonly more: string;
}

type Told = Pick<ComplianceReport, "totals" | "columns" | "rows" | "more">;

/** Most rows of traffic: what a question about the largest answers. */
export const MOST_GROUPS = 100;
export const MOST_ENTRIES = 1000;

/** @throws StoreError, QuestionError */
export async function trafficReport(
  traffic: Traffic,
  query: { readonly range: TimeRange; readonly filter: Narrowed; readonly by: readonly GroupField[]; readonly nowMs: number },
  inquiry: Inquiry,
): Promise<Told> {
  const ask = (metric: "connections" | "bytes", limit: number) =>
    top(traffic, { ...query, metric, rank: "total", limit, previous: false, buckets: null }, inquiry);
  const connections = await ask("connections", MOST_GROUPS);
  const bytes = await ask("bytes", 1);
  const { rows, other, total, estimated } = connections;
  return {
    totals: [
      ["Connections", String(total)],
      ["Bytes", String(bytes.total)],
      ...(estimated || bytes.estimated ? ([["Estimated", "some of it was not counted one by one"]] as const) : []),
    ],
    columns: [...query.by.map(({ name }) => name), "connections"],
    rows: rows.map(({ by, value }) => [...by.map((text) => text ?? "(none)"), String(value)]),
    more: other.groups === 0 ? "" : `${other.groups} more, with ${other.value} connections together`,
  };
}

/** Access that looks only. */
const LOOKS = /^(search|export|audit\.read|live|compliance\.)/;
const PAGE = 1000;
/** Entries that are read; what is behind them is said. */
const MOST_READ = 50_000;

/** @throws StoreError */
export async function auditReport(table: AuditTable, range: TimeRange, which: "changes" | "looked"): Promise<Told> {
  const rows: string[][] = [];
  let [found, read] = [0, 0];
  let after: { timeMs: number; id: string } | undefined;
  for (let isMore = true; isMore && read < MOST_READ; ) {
    const page = await table.list({ ...range, after, limit: PAGE });
    read += page.length;
    for (const entry of page) {
      if (LOOKS.test(entry.action) !== (which === "looked")) continue;
      found += entry.count;
      if (rows.length < MOST_ENTRIES) rows.push(entryRow(entry));
    }
    const last = page.at(-1);
    after = last === undefined ? undefined : { timeMs: last.timeMs, id: last.id };
    isMore = page.length === PAGE;
  }
  const told = rows.reduce((sum, row) => sum + Number(row[6]), 0);
  const unread = read >= MOST_READ ? ` (the newest ${MOST_READ} entries of the audit log were looked at)` : "";
  return {
    totals: [["Times", String(found)]],
    columns: ["time", "who", "address", "action", "target", "status", "times"],
    rows,
    more: found > told || unread !== "" ? `${found - told} more${unread}` : "",
  };
}

function entryRow({ timeMs, who, address, action, target, status, count }: AuditEntry): string[] {
  const outcome = status === null ? "" : String(status);
  return [new Date(timeMs).toISOString(), who.name, address, action, target, outcome, String(count)];
}
