/** Whose records are to be deleted, and which rows are theirs. */
import { ADDRESS_BYTES, type FlowBatch, formatAddress, type JsonRow } from "@flowtrail/model";
import type { Bindings } from "../store/clickhouse.ts";

export type Subject =
  /** A participant, by the id or the name that flows have. */
  | {
      readonly kind: "user" | "extclient";
      readonly name: string;
      /** What else rows may call it: its pseudonyms. Never stored. */
      readonly called?: readonly string[];
    }
  /** Whoever had it, whatever the inventory says. */
  | { readonly kind: "address"; readonly address: string; readonly network: string };

export interface Condition {
  readonly sql: string;
  readonly bindings: Bindings;
}

/** All that rows may call it. */
export function namesFor(subject: Subject): readonly string[] {
  return subject.kind === "address" ? [subject.address] : [subject.name, ...(subject.called ?? [])];
}

const ENDS = ["src", "dst"] as const;
type End = (typeof ENDS)[number];

/** For tables of flows. */
export function flowsOf(subject: Subject): Condition {
  if (subject.kind !== "address") return named(subject, ENDS);
  const ends = ENDS.map((end) => `${end}_ip = toIPv6({subject:String})`).join(" OR ");
  return { sql: `(network = {network:String} AND (${ends}))`, bindings: { subject: subject.address, network: subject.network } };
}

/** For a rollup that has these dimensions. Null: it names nobody. */
export function sumsOf(subject: Subject, dimensions: readonly string[]): Condition | null {
  const ends = ENDS.filter((end) => dimensions.includes(`${end}_name`));
  return ends.length === 0 ? null : named(subject, ends);
}

function named(subject: Subject, ends: readonly End[]): Condition {
  if (subject.kind === "address") {
    // Whom the inventory does not know is named by the address.
    const either = ends.map((end) => `ifNull(${end}_id, '') = {subject:String} OR ifNull(${end}_name, '') = {subject:String}`);
    return {
      sql: `(network = {network:String} AND (${either.join(" OR ")}))`,
      bindings: { subject: subject.address, network: subject.network },
    };
  }
  const either = ends.map(
    (end) =>
      `(${end}_type = '${subject.kind}' AND (ifNull(${end}_id, '') IN {subjects:Array(String)} OR ifNull(${end}_name, '') IN {subjects:Array(String)}))`,
  );
  return { sql: `(${either.join(" OR ")})`, bindings: { subjects: namesFor(subject) } };
}

/** How a refused row, which nobody had looked at yet, names somebody. */
export function quotedIn(subject: Subject, column: string): Condition {
  const text = JSON.stringify(subject.kind === "address" ? subject.address : subject.name);
  return { sql: `position(${column}, {quoted:String}) > 0`, bindings: { quoted: text } };
}

/** The same of a row that has just come. */
export function isOf(subject: Subject, { columns }: FlowBatch, row: number): boolean {
  if (subject.kind === "address") {
    if (columns.network.get(row) !== subject.network) return false;
    return [columns.src_ip, columns.dst_ip].some(
      (ip) => ip.has(row) && formatAddress(ip.bytes, row * ADDRESS_BYTES) === subject.address,
    );
  }
  const isEnd = (type: string | null, ...told: (string | null)[]) =>
    type === subject.kind && namesFor(subject).some((name) => told.includes(name));
  return (
    isEnd(columns.src_type.get(row), columns.src_id.get(row), columns.src_name.get(row)) ||
    isEnd(columns.dst_type.get(row), columns.dst_id.get(row), columns.dst_name.get(row))
  );
}

export function subjectText(subject: Subject): string {
  if (subject.kind === "address") return `address ${subject.address} in ${subject.network}`;
  return `${subject.kind === "user" ? "user" : "config file"} ${subject.name}`;
}

/** The same of a row as it is told. */
export function isRowOf(subject: Subject, row: JsonRow): boolean {
  if (subject.kind === "address")
    return row.network === subject.network && (row.src_ip === subject.address || row.dst_ip === subject.address);
  const { kind } = subject;
  const names = new Set<unknown>(namesFor(subject));
  return ["src", "dst"].some(
    (end) => row[`${end}_type`] === kind && (names.has(row[`${end}_id`]) || names.has(row[`${end}_name`])),
  );
}

/** Who sees what is stored or told must not find there whose pseudonym it is. */
export function withoutCalled(subject: Subject): Subject {
  return subject.kind === "address" ? subject : { kind: subject.kind, name: subject.name };
}
