/**
 * One FlowEvent of Netmaker's wire. Its fields were renumbered between 1.4 and 1.5, and either one read as the other gives plausible nonsense
 * without an error: wire types tell them apart before anything is read.
 */
import type { ParticipantType } from "@flowtrail/model";
import { clearEnd, clearEvent, emptyEvent, type NetmakerEnd, type NetmakerEvent } from "./event.ts";
import { ABSENT, Fields, LENGTH, VARINT } from "./fields.ts";

export type Dialect = "1.4" | "1.5";

interface Numbers {
  readonly network: number;
  readonly host: number;
  /** 0: the dialect has none. */
  readonly hostName: number;
  /** Of protocol; ports, ICMP's two and direction follow, then both ends, times, counters, status and version. */
  readonly protocol: number;
}

const TYPE = 1;
const FLOW_ID = 2;
const NUMBERS: Readonly<Record<Dialect, Numbers>> = {
  "1.4": { network: 3, host: 4, hostName: 0, protocol: 5 },
  "1.5": { network: 5, host: 3, hostName: 4, protocol: 6 },
};
/** Wire types by which they differ: [field, in 1.4, in 1.5]. Zeros are not sent, so no single field will do. */
const DISCRIMINATORS = [
  [5, VARINT, LENGTH], // protocol · network_id
  [11, LENGTH, VARINT], // src · direction
  [13, VARINT, LENGTH], // start_ts · dst
] as const;
const TYPES: readonly (ParticipantType | null)[] = [null, "node", "user", "extclient", "egress_route", "external"];
const KINDS = [null, "start", "destroy"] as const;
const DIRECTIONS = [null, "ingress", "egress"] as const;
/** No id or name is so long. What is longer than a column takes is told as such later. */
const MAX_BYTES = 4096;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const utf8 = new TextDecoder();

/** Reads event after event into the same object. */
export class EventDecoder {
  readonly event: NetmakerEvent = emptyEvent();
  readonly #fields = new Fields("event");
  readonly #end = new Fields("participant");
  /** What hardly changes from event to event. */
  readonly #host = new Repeated();
  readonly #hostName = new Repeated();
  readonly #network = new Repeated();

  /** Fills `event`. @throws DecodeError */
  decode(bytes: Uint8Array): Dialect {
    const { event } = this;
    const fields = this.#fields;
    clearEvent(event);
    fields.read(bytes);
    const dialect = dialectOf(fields);
    const { network, host, hostName, protocol } = NUMBERS[dialect];
    event.kind = KINDS[fields.unsigned(TYPE)] ?? null;
    event.flowId = text(fields, FLOW_ID);
    event.networkId = this.#network.text(fields, network);
    event.hostId = this.#host.text(fields, host);
    event.hostName = hostName === 0 ? "" : this.#hostName.text(fields, hostName);
    event.protocol = fields.unsigned(protocol);
    event.srcPort = fields.unsigned(protocol + 1);
    event.dstPort = fields.unsigned(protocol + 2);
    event.icmpType = fields.unsigned(protocol + 3);
    event.icmpCode = fields.unsigned(protocol + 4);
    event.direction = DIRECTIONS[fields.unsigned(protocol + 5)] ?? null;
    this.#participant(protocol + 6, event.src);
    this.#participant(protocol + 7, event.dst);
    event.startMs = fields.signed(protocol + 8);
    event.endMs = fields.signed(protocol + 9);
    event.bytesSent = fields.unsigned(protocol + 10);
    event.bytesReceived = fields.unsigned(protocol + 11);
    event.packetsSent = fields.unsigned(protocol + 12);
    event.packetsReceived = fields.unsigned(protocol + 13);
    event.status = fields.unsigned(protocol + 14) % 2 ** 32;
    event.versionMs = fields.signed(protocol + 15);
    return dialect;
  }

  #participant(number: number, to: NetmakerEnd): void {
    clearEnd(to);
    const fields = this.#fields;
    if (!fields.hasBytes(number)) return;
    const end = this.#end;
    end.read(fields.bytes, fields.from(number), fields.to(number));
    to.ip = text(end, 1);
    to.type = TYPES[end.unsigned(2)] ?? null;
    to.id = text(end, 3);
    to.name = text(end, 4);
  }
}

/** @throws DecodeError if it can't be told, or is of both */
function dialectOf(fields: Fields): Dialect {
  let older = false;
  let newer = fields.type(21) === VARINT; // version of 1.5; 1.4 ends at 20
  for (const [number, in14, in15] of DISCRIMINATORS) {
    const type = fields.type(number);
    if (type === in14) older = true;
    else if (type === in15) newer = true;
  }
  if (older && newer) throw fields.error("fields of both dialects (1.4 and 1.5)");
  if (older) return "1.4";
  if (newer) return "1.5";
  // host_id is a UUID, network_id and host_name are names.
  if (UUID.test(text(fields, 3))) return "1.5";
  if (UUID.test(text(fields, 4))) return "1.4";
  throw fields.error("neither of 1.4 nor of 1.5: no field tells which");
}

function text(fields: Fields, number: number): string {
  if (!fields.hasBytes(number)) return "";
  return textAt(fields, number, fields.from(number), fields.to(number));
}

function textAt(fields: Fields, number: number, from: number, to: number): string {
  if (to - from > MAX_BYTES) throw fields.error(`field ${number} is longer than ${MAX_BYTES} bytes`);
  const { bytes } = fields;
  // Mostly ASCII, and short: quicker than the decoder, which is called for each.
  if (to - from > 64) return utf8.decode(bytes.subarray(from, to));
  let result = "";
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    if (code >= 0x80) return utf8.decode(bytes.subarray(from, to));
    result += String.fromCharCode(code);
  }
  return result;
}

/** A text that is the same in most messages: made once. */
class Repeated {
  #bytes = new Uint8Array();
  #text = "";

  text(fields: Fields, number: number): string {
    if (fields.type(number) === ABSENT || !fields.hasBytes(number)) return "";
    const [from, to] = [fields.from(number), fields.to(number)];
    if (!this.#isSame(fields.bytes, from, to)) {
      this.#text = textAt(fields, number, from, to);
      this.#bytes = fields.bytes.slice(from, to);
    }
    return this.#text;
  }

  #isSame(bytes: Uint8Array, from: number, to: number): boolean {
    const own = this.#bytes;
    if (own.length !== to - from) return false;
    for (let i = 0; i < own.length; i++) if (own[i] !== bytes[from + i]) return false;
    return true;
  }
}
