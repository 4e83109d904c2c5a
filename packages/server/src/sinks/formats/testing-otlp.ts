/** Reads OTLP's protobuf by the numbers of opentelemetry-proto (logs.proto, common.proto, logs_service.proto), with another library than the one that writes it. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export type OtlpValue = string | number | bigint | boolean | OtlpValue[] | null;
export interface OtlpRecord {
  readonly resource: Record<string, OtlpValue>;
  readonly scope: string;
  readonly timeNs: bigint;
  readonly observedNs: bigint;
  readonly severity: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: OtlpValue;
  readonly attributes: Record<string, OtlpValue>;
}

type Fields = Map<number, (bigint | Uint8Array)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const value = readValue(reader, wire);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

function readValue(reader: BinaryReader, wire: WireType): bigint | Uint8Array {
  switch (wire) {
    case WireType.Varint:
      return BigInt(reader.int64());
    case WireType.Bit64:
      return BigInt(reader.fixed64());
    case WireType.Bit32:
      return BigInt(reader.fixed32());
    case WireType.LengthDelimited:
      return reader.bytes();
    default:
      throw new RangeError(`wire type ${wire}`);
  }
}

const many = (fields: Fields, number: number) => (fields.get(number) ?? []) as Uint8Array[];
const text = (fields: Fields, number: number) => Buffer.from(many(fields, number)[0] ?? []).toString("utf8");
const int = (fields: Fields, number: number) => (fields.get(number)?.[0] ?? 0n) as bigint;

function anyValue(bytes: Uint8Array): OtlpValue {
  const fields = fieldsOf(bytes);
  const [[number, [value]] = [0, []]] = [...fields];
  switch (number) {
    case 1:
      return text(fields, 1);
    case 2:
      return value === 1n;
    case 3:
      return value as bigint;
    case 4:
      return Buffer.from(BigUint64Array.of(value as bigint).buffer).readDoubleLE();
    case 5:
      return many(fieldsOf(value as Uint8Array), 1).map(anyValue);
    default:
      return null;
  }
}

function attributes(list: readonly Uint8Array[]): Record<string, OtlpValue> {
  return Object.fromEntries(
    list.map((bytes) => {
      const pair = fieldsOf(bytes);
      return [text(pair, 1), anyValue(many(pair, 2)[0] ?? new Uint8Array())];
    }),
  );
}

export function decodeOtlp(request: Uint8Array): OtlpRecord[] {
  return many(fieldsOf(request), 1).flatMap((group) => {
    const resourceLogs = fieldsOf(group);
    const resource = attributes(many(fieldsOf(many(resourceLogs, 1)[0] ?? new Uint8Array()), 1));
    return many(resourceLogs, 2).flatMap((bytes) => {
      const scopeLogs = fieldsOf(bytes);
      const scope = text(fieldsOf(many(scopeLogs, 1)[0] ?? new Uint8Array()), 1);
      return many(scopeLogs, 2).map((record) => {
        const fields = fieldsOf(record);
        return {
          resource,
          scope,
          timeNs: int(fields, 1),
          observedNs: int(fields, 11),
          severity: Number(int(fields, 2)),
          severityText: text(fields, 3),
          eventName: text(fields, 12),
          body: anyValue(many(fields, 5)[0] ?? new Uint8Array()),
          attributes: attributes(many(fields, 6)),
        };
      });
    });
  });
}
