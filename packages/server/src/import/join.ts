/**
 * Rows of Netmaker's log → flows, each once. Up to 1.5.1 a flow has two rows (START and DESTROY), later one. The two say of the same start
 * what differs by milliseconds, and some of it may be stored already: by the door, or by an import before.
 */
import { formatAddress, parseAddress, truncateAddress } from "@flowtrail/model";
import { eventEndMs, eventStartMs, type FlowPlace } from "../receive/netmaker/convert.ts";
import type { NetmakerEvent } from "../receive/netmaker/event.ts";
import { flowKey, sequenceOf } from "../receive/netmaker/identity.ts";

/** A report that is in the store. */
export interface StoredReport {
  readonly reporterId: string;
  readonly sequence: number;
  readonly startMs: number;
  /** closed: nothing more will be said of it. */
  readonly isClosed: boolean;
  readonly tuple: string;
}

/** What is to be stored of a flow. */
export interface JoinedFlow {
  readonly event: NetmakerEvent;
  readonly place: FlowPlace;
}

export interface Joined {
  readonly flows: readonly JoinedFlow[];
  /** Events of flows that are stored, with all that these say. */
  readonly already: number;
  /** Events that told nothing beside another one of their flow. */
  readonly joined: number;
}

/** What two sayings of one start may differ by: the kernel's stamp and the agent's clock when it handled the event. */
export const START_SLACK_MS = 5000;

/** Compares a flow's ends with those of another one: without what of addresses may not be stored. */
export function tupleOf({ src, dst, protocol, srcPort, dstPort }: NetmakerEvent): string {
  return [protocol, plain(src.ip), srcPort, plain(dst.ip), dstPort].join(" ");
}

const plain = (address: string) => {
  const bytes = parseAddress(address);
  if (bytes === null) return address;
  truncateAddress(bytes);
  return formatAddress(bytes);
};

/** @param events that have no problem */
export function joinEvents(events: readonly NetmakerEvent[], stored: readonly StoredReport[], nowMs: number): Joined {
  const known = new Map<string, StoredReport[]>();
  for (const report of stored) listIn(known, storedKey(report)).push(report);
  const byKey = new Map<number, NetmakerEvent[]>();
  for (const event of events) listIn(byKey, flowKey(event)).push(event);
  const flows = new Map<string, JoinedFlow>();
  let already = 0;
  let joined = 0;
  for (const [key, own] of byKey) {
    const there =
      known.get(
        storedKey({ reporterId: own[0]?.hostId ?? "", sequence: sequenceOf(key), tuple: tupleOf(own[0] as NetmakerEvent) }),
      ) ?? [];
    const starts = own.filter(({ kind }) => kind === "start");
    const taken = new Set<NetmakerEvent>();
    for (const event of own.filter(({ kind }) => kind === "destroy")) {
      const report = nearest(there, ({ startMs }) => startMs, event, nowMs);
      const start = nearest(starts, (one) => eventStartMs(one, nowMs), event, nowMs);
      if (start !== null && !taken.has(start)) {
        taken.add(start);
        joined++;
      }
      if (report?.isClosed) {
        already++;
        continue;
      }
      const startMs = report?.startMs ?? (start === null ? eventStartMs(event, nowMs) : eventStartMs(start, nowMs));
      const place = { key, startMs, startExact: event.startMs > 0 || start !== null };
      const name = `${key} ${startMs}`;
      if (flows.has(name)) joined++;
      flows.set(name, { event, place });
    }
    for (const event of starts.filter((one) => !taken.has(one))) {
      const startMs = eventStartMs(event, nowMs);
      const isThere = there.some((report) => Math.abs(report.startMs - startMs) <= START_SLACK_MS);
      const name = `${key} ${startMs}`;
      if (isThere) already++;
      else if (flows.has(name)) joined++;
      else flows.set(name, { event, place: { key, startMs, startExact: true } });
    }
  }
  return { flows: [...flows.values()], already, joined };
}

/** The last that began when this one did, as far as that is told, and not after its end. */
function nearest<T>(all: readonly T[], startOf: (one: T) => number, event: NetmakerEvent, nowMs: number): T | null {
  const fromMs = event.startMs > 0 ? event.startMs - START_SLACK_MS : Number.NEGATIVE_INFINITY;
  const toMs = event.startMs > 0 ? event.startMs + START_SLACK_MS : eventEndMs(event, nowMs) + START_SLACK_MS;
  let best: T | null = null;
  for (const one of all) {
    const startMs = startOf(one);
    if (startMs >= fromMs && startMs <= toMs && (best === null || startMs > startOf(best))) best = one;
  }
  return best;
}

const storedKey = ({ reporterId, sequence, tuple }: Pick<StoredReport, "reporterId" | "sequence" | "tuple">) =>
  `${reporterId} ${sequence} ${tuple}`;

function listIn<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}
