/** DNS messages as a hostile or careless server may make them. */
import { concat, word } from "./messages.ts";

export interface TestRecord {
  /** A name, or the place of one in the message. */
  readonly owner: string | number;
  readonly type: number;
  readonly ttlS?: number;
  readonly data: readonly number[] | Uint8Array;
  readonly class?: number;
}

/** A name on the wire, uncompressed. */
export function wireName(name: string): number[] {
  return [...name.split(".").flatMap((label) => (label === "" ? [] : [label.length, ...Buffer.from(label, "latin1")])), 0];
}

export const pointer = (place: number): [number, number] => [0xc0 | (place >> 8), place & 255];

/** A question of class IN, as a stub resolver asks it; `answer` answers it. */
export function query(name: string, type: number, id = 0x1234): Uint8Array {
  return concat(word(id), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], wireName(name), word(type), [0, 1]);
}

/** An answer to one question of class IN. */
export function answer(name: string, type: number, records: readonly TestRecord[], flags = 0x8180): Uint8Array {
  const head = concat([0x12, 0x34, ...word(flags), 0, 1, ...word(records.length), 0, 0, 0, 0], wireName(name), [
    ...word(type),
    0,
    1,
  ]);
  return concat(head, ...records.map(wireRecord));
}

function wireRecord(record: TestRecord): Uint8Array {
  const owner = typeof record.owner === "number" ? pointer(record.owner) : wireName(record.owner);
  const ttl = Buffer.alloc(4);
  ttl.writeUInt32BE(record.ttlS ?? 300);
  return concat(owner, word(record.type), word(record.class ?? 1), ttl, word(record.data.length), record.data);
}
