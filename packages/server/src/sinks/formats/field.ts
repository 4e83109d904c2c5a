/** A format as a table of fields: what is written and docs/reference/sink-formats.md come from the same rows. */
import { type FlowJson, ICMPV6, protocolName } from "@flowtrail/model";
import type { SinkEvent } from "../ports.ts";

/** An event, typed by the column table. */
export interface Told extends Omit<SinkEvent, "flow"> {
  readonly flow: FlowJson;
}

export function told(event: SinkEvent): Told {
  return event as Told;
}

export type FieldValue = string | number | boolean | readonly string[];

export interface Field {
  /** As the other system calls it. */
  readonly name: string;
  /** Columns that it is made of. */
  readonly of: readonly (keyof FlowJson)[];
  /** What a reader should know, beyond what the columns say. */
  readonly note?: string;
  /** Null: it is not there. */
  readonly value: (told: Told) => FieldValue | null;
}

/** A column as it is. */
export function same(name: string, column: keyof FlowJson, note?: string): Field {
  return { name, of: [column], value: ({ flow }) => flow[column], ...(note === undefined ? {} : { note }) };
}

/** When what is told happened: the beginning of an opened flow, else its end, or the last that was heard of it. */
export function happened({ kind, flow }: Told): string {
  return kind === "opened" ? flow.start : (flow.end ?? flow.last_seen);
}

/** What happened, as one word; a row of denied packets neither opens nor ends. */
export function actionOf({ kind, flow }: Told): "opened" | "ended" | "lost" | "denied" {
  if (flow.verdict === "denied") return "denied";
  if (kind === "opened") return "opened";
  return flow.state === "lost" ? "lost" : "ended";
}

/** A whole number; a text where a double could not hold it, which Elasticsearch and OTLP's JSON read as the number that it is. */
export function whole(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

/** Of both sides; null where one is not known. What was denied has one side only. */
export function sumOf(flow: FlowJson, counter: "bytes" | "packets"): number | string | null {
  const src = flow[`src_${counter}`];
  const dst = flow[`dst_${counter}`] ?? (flow.verdict === "denied" ? 0 : null);
  return src === null || dst === null ? null : whole(BigInt(src) + BigInt(dst));
}

export const MS_IN_NS = 1_000_000n;

/** From its beginning to its end, or to the last that was heard of it. */
export function lifeNs({ start, end, last_seen }: FlowJson): bigint {
  return BigInt(Math.max(0, Date.parse(end ?? last_seen) - Date.parse(start))) * MS_IN_NS;
}

export function ipVersion({ src_ip }: FlowJson): 4 | 6 {
  return src_ip.includes(":") ? 6 : 4;
}

/** `tcp`, `ipv6-icmp`: IANA's keyword in lower case; null: the number has none. */
export function transportOf({ protocol }: FlowJson): string | null {
  // IANA's own keyword, which people seldom use.
  if (protocol === ICMPV6) return "ipv6-icmp";
  const name = protocolName(protocol).toLowerCase();
  return name.startsWith("protocol ") ? null : name;
}
