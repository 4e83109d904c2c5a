/** Reads what `conntrack -E -o id,ktimestamp,extended` prints, and prints our records with the same words: two ways to the same line. */
import type { PlainRecord } from "./line-process.ts";

const TCP_STATES = [
  "NONE",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
  "SYN_SENT2",
];
const EVENTS = ["", "NEW", "UPDATE", "DESTROY"];
const SEEN_REPLY = 2;
const ASSURED = 4;

/** All that conntrack prints about an event, but for the timeout that is left (it is another one when it looks) and the parts of a second. */
export interface EventText {
  event: string;
  protocol: number;
  tcpState: string;
  original: Record<string, string>;
  reply: Record<string, string>;
  unreplied: boolean;
  assured: boolean;
  id: string;
  mark: string;
  zone: string;
  startS: number | undefined;
  stopS: number | undefined;
}

export function fromConntrack(line: string): EventText | undefined {
  const head = /^\s*\[(NEW|UPDATE|DESTROY)\]\s+ipv[46]\s+\d+\s+\S+\s+(\d+)/.exec(line);
  if (!head) return undefined;
  const tuples: Record<string, string>[] = [];
  const rest: Record<string, string> = {};
  for (const [, key, value] of line.matchAll(/(?<!\[)\b(\w+)=(\S+)/g)) {
    if (key === "src") tuples.push({});
    const tuple = tuples.at(-1);
    if (tuple && /^(src|dst|sport|dport|type|code|packets|bytes)$/.test(key!)) tuple[key!] = value!;
    else if (tuple && key === "id" && "type" in tuple && !("icmpId" in tuple)) tuple.icmpId = value!;
    else rest[key!] = value!;
  }
  const [original = {}, reply = {}] = tuples;
  if ("type" in reply) for (const key of ["type", "code", "icmpId"]) delete reply[key];
  // A protocol without a module has neither ports nor anything else.
  for (const tuple of [original, reply]) for (const key of ["src", "dst"]) tuple[key] = expand(tuple[key]!);
  const at = (key: string): number | undefined => {
    const text = new RegExp(`\\[${key}=([^\\]]+)\\]`).exec(line)?.[1];
    return text === undefined ? undefined : Date.parse(text) / 1000;
  };
  return {
    event: head[1]!,
    protocol: Number(head[2]),
    tcpState: /\b([A-Z][A-Z_]+[A-Z0-9])(?= src=)/.exec(line)?.[1] ?? "",
    original,
    reply,
    unreplied: line.includes("[UNREPLIED]"),
    assured: line.includes("[ASSURED]"),
    id: rest.id ?? "",
    mark: rest.mark ?? "0",
    zone: rest.zone ?? "0",
    startS: at("start"),
    stopS: at("stop"),
  };
}

export function fromRecord(record: PlainRecord): EventText {
  const tuple = (
    base: number,
    ports: [number, number],
    packets: number,
    bytes: number,
    withIcmp: boolean,
  ): Record<string, string> => ({
    src: address(record, base),
    dst: address(record, base + 4),
    ...(record.icmpType < 0 ? { sport: `${ports[0]}`, dport: `${ports[1]}` } : {}),
    ...(record.icmpType >= 0 && withIcmp
      ? { type: `${record.icmpType}`, code: `${record.icmpCode}`, icmpId: `${record.icmpId}` }
      : {}),
    ...(packets >= 0 ? { packets: `${packets}`, bytes: `${bytes}` } : {}),
  });
  return {
    event: EVENTS[record.event]!,
    protocol: record.protocol,
    tcpState: TCP_STATES[record.tcpState] ?? "",
    original: tuple(0, [record.srcPort, record.dstPort], record.srcPackets, record.srcBytes, true),
    reply: tuple(8, [record.replySrcPort, record.replyDstPort], record.dstPackets, record.dstBytes, false),
    unreplied: (record.status & SEEN_REPLY) === 0,
    assured: (record.status & ASSURED) !== 0,
    id: `${record.id}`,
    mark: `${record.mark}`,
    zone: `${record.zone}`,
    startS: record.startUs ? Math.floor(record.startUs / 1e6) : undefined,
    stopS: record.stopUs ? Math.floor(record.stopUs / 1e6) : undefined,
  };
}

function address(record: PlainRecord, base: number): string {
  const words = record.words.slice(base, base + 4);
  if (record.family === 2) return [24, 16, 8, 0].map((shift) => (words[0]! >>> shift) & 255).join(".");
  return words.flatMap((word) => [word >>> 16, word & 0xffff].map((half) => half.toString(16))).join(":");
}

/** An IPv6 address with all its eight groups; IPv4 as it is. */
function expand(text: string): string {
  if (!text.includes("::")) return text;
  const [left = "", right = ""] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(left).length - groups(right).length;
  return [...groups(left), ...Array(missing).fill("0"), ...groups(right)].join(":");
}
