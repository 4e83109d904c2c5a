/** What the questions to the store cost, for /metrics. Tables are our own: there are few of them. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { TableCounts } from "../query/inquiry-counts.ts";
import type { InquiryDesk } from "../query/inquiry-desk.ts";

const KINDS = ["quick", "heavy", "exports"] as const;
type Kind = (typeof KINDS)[number];

export function questionMetrics(desk: Pick<InquiryDesk, "stats">, registers: Registry[]): void {
  const labelled = (name: string, help: string, label: string, values: () => Iterable<readonly [string, number]>) => {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect: () => {
        counter.reset();
        for (const [value, count] of values()) counter.inc({ [label]: value }, count);
      },
    });
  };
  const byTable = (name: string, help: string, value: (counts: TableCounts) => number) =>
    labelled(name, help, "table", () => [...desk.stats.tables].map(([table, counts]) => [table, value(counts)] as const));
  byTable(
    "flowtrail_questions_total",
    "Statements that the store was asked, by the table that they mainly read",
    (counts) => counts.questions,
  );
  byTable("flowtrail_questions_rows_read_total", "Rows that they read", (counts) => counts.rowsRead);
  byTable("flowtrail_questions_seconds_total", "Time that they took, without waiting for their turn", (counts) => counts.seconds);
  labelled("flowtrail_questions_refused_total", "Questions without an answer, by code", "code", () => desk.stats.refused);
  const total = (name: string, help: string, value: () => number) => {
    const counter: Counter = new Counter({
      name,
      help,
      registers,
      collect: () => {
        counter.reset();
        counter.inc(value());
      },
    });
  };
  total("flowtrail_questions_cancelled_total", "Questions whose asker had left", () => desk.stats.cancelled);
  total("flowtrail_questions_joined_total", "Questions that were answered together with an equal one", () => desk.stats.joined);
  const byKind = (name: string, help: string, value: (gate: Kind) => number) => {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ["kind"],
      registers,
      collect: () => {
        for (const kind of KINDS) gauge.set({ kind }, value(kind));
      },
    });
  };
  byKind("flowtrail_questions_under_way", "Statements that the store works on", (gate) => desk.stats[gate].underWay);
  byKind("flowtrail_questions_waiting", "Statements that wait for their turn", (gate) => desk.stats[gate].waiting);
}
