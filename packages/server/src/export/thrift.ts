/** Thrift's compact protocol, of any struct: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */

export const THRIFT = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftList | ThriftStruct;
export interface ThriftList {
  readonly of: number;
  readonly items: ThriftValue[];
}
export interface ThriftField {
  readonly type: number;
  value: ThriftValue;
}
/** Fields by their number, in ascending order. */
export type ThriftStruct = Map<number, ThriftField>;

/** @throws RangeError for anything that is not what a program wrote that we started ourselves */
export function readThrift(bytes: Buffer): ThriftStruct {
  let at = 0;
  const byte = () => bytes.readUInt8(at++);
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const next = byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
  };
  const integer = (): bigint => {
    const value = varint();
    return (value >> 1n) ^ -(value & 1n);
  };
  const take = (length: number) => {
    const taken = bytes.subarray(at, at + length);
    if (taken.length < length) throw new RangeError(`thrift: ${length} bytes are wanted at ${at}`);
    at += length;
    return taken;
  };
  const list = (): ThriftList => {
    const head = byte();
    const size = head >> 4 === 15 ? Number(varint()) : head >> 4;
    const of = head & 15;
    return { of, items: Array.from({ length: size }, () => (of <= THRIFT.false ? byte() === THRIFT.true : value(of))) };
  };
  const value = (type: number): ThriftValue => {
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return type === THRIFT.true;
      case THRIFT.byte:
        return byte();
      case THRIFT.i16:
      case THRIFT.i32:
        return Number(integer());
      case THRIFT.i64:
        return integer();
      case THRIFT.double:
        return take(8);
      case THRIFT.binary:
        return take(Number(varint()));
      case THRIFT.list:
      case THRIFT.set:
        return list();
      case THRIFT.struct:
        return struct();
      default:
        throw new RangeError(`thrift: no type ${type}, at ${at}`);
    }
  };
  const struct = (): ThriftStruct => {
    const fields: ThriftStruct = new Map();
    for (let id = 0; ; ) {
      const head = byte();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? Number(integer()) : id + (head >> 4);
      fields.set(id, { type: head & 15, value: value(head & 15) });
    }
  };
  return struct();
}

/** A struct may stand in it as the bytes that this function made of it. */
export function writeThrift(fields: ThriftStruct): Buffer {
  const out = new Sink();
  const write = (type: number, value: ThriftValue): void => {
    if (typeof value === "bigint") out.integer(value);
    else if (typeof value === "number" && type === THRIFT.byte) out.byte(value);
    else if (typeof value === "number") out.integer(BigInt(value));
    else if (value instanceof Uint8Array) {
      if (type === THRIFT.binary) out.varint(BigInt(value.length));
      out.bytes(value);
    } else if (value instanceof Map) struct(value);
    else if (typeof value !== "boolean") list(value); // a boolean is told by its type
  };
  const list = ({ of, items }: ThriftList): void => {
    out.byte((Math.min(items.length, 15) << 4) | of);
    if (items.length >= 15) out.varint(BigInt(items.length));
    for (const item of items) {
      if (typeof item === "boolean") out.byte(item ? THRIFT.true : THRIFT.false);
      else write(of, item);
    }
  };
  const struct = (value: ThriftStruct): void => {
    let last = 0;
    for (const [id, field] of value) {
      const type = typeof field.value === "boolean" ? (field.value ? THRIFT.true : THRIFT.false) : field.type;
      const step = id - last;
      const isNear = step > 0 && step <= 15;
      out.byte(((isNear ? step : 0) << 4) | type);
      if (!isNear) out.integer(BigInt(id));
      write(type, field.value);
      last = id;
    }
    out.byte(0);
  };
  struct(fields);
  return out.written();
}

class Sink {
  #buffer = Buffer.allocUnsafe(16_384);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  varint(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  integer(value: bigint): void {
    this.varint(value >= 0n ? value << 1n : (-value << 1n) - 1n);
  }

  written(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
