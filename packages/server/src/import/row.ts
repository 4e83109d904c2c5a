/** A row of Netmaker's own log, as its REST API or its table tells it → the event that it was. */
import { DIRECTIONS, PARTICIPANT_TYPES, type ParticipantType } from "@flowtrail/model";
import { z } from "zod";
import { emptyEvent, type NetmakerEvent } from "../receive/netmaker/event.ts";

const text = z
  .string("expected a text")
  .nullish()
  .transform((value) => value ?? "");
/** ClickHouse writes 64-bit numbers as texts. */
const number = z
  .union([z.number(), z.string().regex(/^\d{1,20}$/)], "expected a number")
  .nullish()
  .transform((value) => Number(value ?? 0));
/** RFC 3339; ClickHouse's own form, which has no zone, is UTC. 0: unset (Go's zero time is before 1970). */
const time = z
  .union([z.string(), z.number()], "expected a time")
  .nullish()
  .transform((value, context) => {
    const ms = typeof value === "number" ? value : value ? Date.parse(withZone(value)) : 0;
    if (Number.isNaN(ms)) {
      context.addIssue({ code: "custom", message: `expected a time, got ${JSON.stringify(String(value).slice(0, 40))}` });
      return z.NEVER;
    }
    return Math.max(0, ms);
  });

const withZone = (value: string) =>
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(value) ? `${value.replace(" ", "T")}Z` : value;

const rowSchema = z.object({
  flow_id: text,
  host_id: text,
  host_name: text,
  network_id: text,
  protocol: number,
  src_port: number,
  dst_port: number,
  icmp_type: number,
  icmp_code: number,
  direction: text,
  src_ip: text,
  src_type: text,
  src_entity_id: text,
  src_entity_name: text,
  dst_ip: text,
  dst_type: text,
  dst_entity_id: text,
  dst_entity_name: text,
  start_ts: time,
  end_ts: time,
  bytes_sent: number,
  bytes_recv: number,
  packets_sent: number,
  packets_recv: number,
  status: number,
  version: time,
});

/** The event, or what is wrong with the row. */
export function eventOfRow(json: unknown): NetmakerEvent | string {
  const { data: row, error } = rowSchema.safeParse(json);
  if (row === undefined) {
    const [issue] = error?.issues ?? [];
    return `${issue?.path.join(".") || "row"}: ${issue?.message ?? "not a row"}`;
  }
  const event = emptyEvent();
  Object.assign(event, {
    // A row that has no end is of a START.
    kind: row.end_ts > 0 ? "destroy" : "start",
    flowId: row.flow_id,
    hostId: row.host_id,
    hostName: row.host_name,
    networkId: row.network_id,
    protocol: row.protocol,
    srcPort: row.src_port,
    dstPort: row.dst_port,
    icmpType: row.icmp_type,
    icmpCode: row.icmp_code,
    direction: DIRECTIONS.find((known) => known === row.direction) ?? null,
    startMs: row.start_ts,
    endMs: row.end_ts,
    versionMs: row.version,
    bytesSent: row.bytes_sent,
    bytesReceived: row.bytes_recv,
    packetsSent: row.packets_sent,
    packetsReceived: row.packets_recv,
    status: row.status,
  });
  Object.assign(event.src, { ip: row.src_ip, type: typeOf(row.src_type), id: row.src_entity_id, name: row.src_entity_name });
  Object.assign(event.dst, { ip: row.dst_ip, type: typeOf(row.dst_type), id: row.dst_entity_id, name: row.dst_entity_name });
  return event;
}

function typeOf(word: string): ParticipantType | null {
  return PARTICIPANT_TYPES.find((known) => known === word) ?? null;
}
