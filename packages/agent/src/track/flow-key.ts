/** What tells conntrack's entries apart: original tuple, zone and id. One key is reused for all look-ups. */
import { ADDRESS_BYTES, type FlowBatch, isV4Mapped } from "@flowtrail/model";
import type { ConntrackRecord } from "../capture/conntrack/record.ts";
import { isIcmp } from "./codes.ts";

const AF_INET = 2;
const AF_INET6 = 10;

export class FlowKey {
  /** Source at 0, destination at 16; IPv4 mapped. */
  readonly bytes = new Uint8Array(2 * ADDRESS_BYTES);
  /** The same as words, to compare fast. */
  readonly words = new Uint32Array(this.bytes.buffer);
  protocol = 0;
  /** Source port; the id of an ICMP echo; what the tuple of another protocol has in its place. */
  first = 0;
  /** Destination port; type · 256 + code of ICMP. */
  second = 0;
  zone = 0;
  /** CTA_ID. */
  id = 0;

  setRecord(record: ConntrackRecord): void {
    addressOf(record, 0, this.bytes, 0);
    addressOf(record, 4, this.bytes, ADDRESS_BYTES);
    this.protocol = record.protocol;
    if (isIcmp(record.protocol)) {
      this.first = Math.max(record.icmpId, 0);
      this.second = ((record.icmpType & 0xff) << 8) | (record.icmpCode & 0xff);
    } else {
      this.first = record.srcPort;
      this.second = record.dstPort;
    }
    this.zone = record.zone;
    this.id = record.id;
  }

  /** The key of a row that an agent spooled. */
  setRow({ columns }: FlowBatch, row: number): void {
    this.bytes.set(columns.src_ip.bytes.subarray(row * ADDRESS_BYTES, (row + 1) * ADDRESS_BYTES), 0);
    this.bytes.set(columns.dst_ip.bytes.subarray(row * ADDRESS_BYTES, (row + 1) * ADDRESS_BYTES), ADDRESS_BYTES);
    this.protocol = columns.protocol.get(row) ?? 0;
    if (isIcmp(this.protocol)) {
      this.first = columns.icmp_id.get(row) ?? 0;
      this.second = ((columns.icmp_type.get(row) ?? 0xff) << 8) | (columns.icmp_code.get(row) ?? 0xff);
    } else {
      this.first = columns.src_port.get(row) ?? 0;
      this.second = columns.dst_port.get(row) ?? 0;
    }
    this.zone = columns.conntrack_zone.get(row) ?? 0;
    this.id = columns.conntrack_id.get(row) ?? 0;
  }

  /**
   * Makes a question for the kernel of this key: what ConntrackSource.refresh needs to know.
   * @param startUs the kernel's start stamp of the entry, 0 if it is not known
   */
  ask(record: ConntrackRecord, startUs: number): void {
    record.startUs = startUs;
    record.eventUs = 0;
    record.family = isV4Mapped(this.bytes) ? AF_INET : AF_INET6;
    wordsOf(this.bytes, 0, record, 0);
    wordsOf(this.bytes, ADDRESS_BYTES, record, 4);
    record.protocol = this.protocol;
    const icmp = isIcmp(this.protocol);
    record.srcPort = icmp ? 0 : this.first;
    record.dstPort = icmp ? 0 : this.second;
    record.icmpId = icmp ? this.first : -1;
    record.icmpType = icmp ? this.second >> 8 : -1;
    record.icmpCode = icmp ? this.second & 0xff : -1;
    record.zone = this.zone;
    record.id = this.id;
  }
}

/** Writes the address at `word` of a record as 16 bytes. */
export function addressOf(record: ConntrackRecord, word: number, out: Uint8Array, offset: number): void {
  const { words } = record;
  if (record.family === AF_INET) {
    out.fill(0, offset, offset + 10);
    out[offset + 10] = 0xff;
    out[offset + 11] = 0xff;
    putWord(words[word]!, out, offset + 12);
    return;
  }
  for (let i = 0; i < 4; i++) putWord(words[word + i]!, out, offset + i * 4);
}

function putWord(value: number, out: Uint8Array, at: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function wordsOf(bytes: Uint8Array, at: number, record: ConntrackRecord, word: number): void {
  if (record.family === AF_INET) {
    record.words.fill(0, word, word + 4);
    record.words[word] = wordAt(bytes, at + 12);
    return;
  }
  for (let i = 0; i < 4; i++) record.words[word + i] = wordAt(bytes, at + i * 4);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
