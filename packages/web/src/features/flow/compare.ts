/** What the reports of one connection tell differently, and why that may be. */
import { type FlowJson, formatDuration, formatExactBytes, isIcmp } from "@flowtrail/model";
import { endText } from "../traffic/describe.ts";

export type DifferenceKind = "older" | "loss" | "way" | "offload" | "clock" | "nat";

export interface Difference {
  readonly kind: DifferenceKind;
  /** For people. */
  readonly text: string;
}

/** By rank: the source's node, its gateway, others, the destination's gateway, its node. */
const PLACES: Readonly<Record<number, number>> = { 1: 0, 2: 1, 5: 2, 4: 3, 3: 4 };

function placeOf({ rank }: FlowJson): number {
  return PLACES[rank] ?? 2;
}

/** Each report is compared with the next one on the way from the source to the destination. */
export function differences(reports: readonly FlowJson[]): readonly Difference[] {
  const path = [...reports].sort((a, b) => placeOf(a) - placeOf(b));
  return path.slice(1).flatMap((far, i) => {
    const near = path[i] as FlowJson;
    return [...amounts(near, far), ...clocks(near, far), ...translation(near, far)];
  });
}

function amounts(near: FlowJson, far: FlowJson): Difference[] {
  const found = [...sent("src", near, far), ...sent("dst", far, near)];
  const older = olderOf(near, far);
  if (older === null || found.length === 0) return found;
  const newer = older === near ? far : near;
  const ageMs = Date.parse(newer.last_seen) - Date.parse(older.last_seen);
  const text = `The counters of ${older.reporter} are ${formatDuration(ageMs)} older than those of ${newer.reporter}: what differs may be what was sent since.`;
  return [{ kind: "older", text }];
}

/** The report that may still grow, if the other one is newer. */
function olderOf(a: FlowJson, b: FlowJson): FlowJson | null {
  const [aMs, bMs] = [Date.parse(a.last_seen), Date.parse(b.last_seen)];
  if (a.state !== "closed" && aMs < bMs) return a;
  return b.state !== "closed" && bMs < aMs ? b : null;
}

/**
 * What one end sent, as two nodes on its way counted it.
 * @param first who sees it first
 */
function sent(end: "src" | "dst", first: FlowJson, last: FlowJson): Difference[] {
  const [bytes, seen] = [first[`${end}_bytes`], last[`${end}_bytes`]];
  if (bytes === null || seen === null || BigInt(bytes) === BigInt(seen)) return [];
  const who = endText(first, end).main;
  const missing = BigInt(bytes) - BigInt(seen);
  const amount = formatExactBytes(missing < 0n ? -missing : missing);
  if (isHeaders(end, first, last, missing)) {
    const text = `${first.reporter} and ${last.reporter} counted amounts that differ by ${amount} of what ${who} sent, and different numbers of packets: no more than headers, since a kernel may join packets before it counts them (offload), or a few small packets were lost.`;
    return [{ kind: "offload", text }];
  }
  if (placeOf(first) === placeOf(last)) {
    const text = `${first.reporter} and ${last.reporter} counted amounts that differ by ${amount} of what ${who} sent: bytes were lost between them, or took another way.`;
    return [{ kind: "way", text }];
  }
  if (missing < 0n) return [{ kind: "way", text: passedBy(first, last, { who, amount, nothing: BigInt(bytes) === 0n }) }];
  if (BigInt(seen) === 0n)
    return [{ kind: "loss", text: `Nothing that ${who} sent reached ${last.reporter}: ${first.reporter} counted ${amount}.` }];
  const part = percent(missing, BigInt(bytes));
  const text = `${amount} of what ${who} sent (${part}) were counted by ${first.reporter} but not by ${last.reporter}: lost between them, or sent another way.`;
  return [{ kind: "loss", text }];
}

/** Of IPv6 and TCP with all of its options. */
const MOST_HEADER_BYTES = 100n;

/** With segmentation offload a kernel counts many packets as one, with one header. */
function isHeaders(end: "src" | "dst", first: FlowJson, last: FlowJson, missing: bigint): boolean {
  const [packets, seen] = [first[`${end}_packets`], last[`${end}_packets`]];
  if (packets === null || seen === null || isIcmp(first.protocol)) return false;
  const joined = BigInt(packets) - BigInt(seen);
  return missing < 0n
    ? joined < 0n && missing >= joined * MOST_HEADER_BYTES
    : joined > 0n && missing <= joined * MOST_HEADER_BYTES;
}

interface More {
  readonly who: string;
  readonly amount: string;
  /** The first node counted none of it. */
  readonly nothing: boolean;
}

/** Later on the way there is more: it came another way, or the first node did not count from the beginning. */
function passedBy(first: FlowJson, last: FlowJson, { who, amount, nothing }: More): string {
  const counted = `${last.reporter} counted ${amount} more of what ${who} sent than ${first.reporter}`;
  if (!first.start_exact) return `${counted}, which began to count later.`;
  return nothing
    ? `What ${who} sent does not pass ${first.reporter}: it takes another way (asymmetric routing). ${last.reporter} counted ${amount}.`
    : `${counted}, which should see it first: some of it takes another way (asymmetric routing).`;
}

/** `5%`, `0.02%`, `<0.01%` */
export function percent(part: bigint, all: bigint): string {
  const value = (Number(part) * 100) / Number(all);
  if (value < 0.01) return "<0.01%";
  return `${new Intl.NumberFormat("en-US", { maximumSignificantDigits: value < 10 ? 2 : 3 }).format(value)}%`;
}

/** Times are told in whole milliseconds. */
const ROUNDED_MS = 2;
/** Longer than any way takes. */
const LATE_MS = 1000;

/** Nobody further away sees a connection begin before it has passed those who are nearer. */
function clocks(near: FlowJson, far: FlowJson): Difference[] {
  if (!near.start_exact || !far.start_exact || placeOf(near) === placeOf(far)) return [];
  const laterMs = Date.parse(far.start) - Date.parse(near.start);
  if (laterMs >= LATE_MS) {
    const text = `${far.reporter} saw it begin ${formatDuration(laterMs)} after ${near.reporter}: its clock is ahead, or the first packets were lost on the way.`;
    return [{ kind: "clock", text }];
  }
  if (laterMs > -ROUNDED_MS) return [];
  const text = `${far.reporter} saw it begin ${formatDuration(-laterMs)} before ${near.reporter}, where it came from: their clocks differ by at least that.`;
  return [{ kind: "clock", text }];
}

function translation(near: FlowJson, far: FlowJson): Difference[] {
  const same = (["src_ip", "src_port", "dst_ip", "dst_port"] as const).every((column) => near[column] === far[column]);
  if (same) return [];
  return [
    {
      kind: "nat",
      text: `${near.reporter} and ${far.reporter} saw it under different addresses: it is translated (NAT) between them.`,
    },
  ];
}
