import { zstdDecompressSync } from "node:zlib";
import { COLUMN_LIST, type Column, type FlowJson, type JsonValue, STORED_COLUMNS } from "@flowtrail/model";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { SPECS } from "../../export/formats.ts";
import type { BodyFormat, LineFormat, SinkEvent } from "../ports.ts";
import { ECS_FIELDS } from "./ecs-fields.ts";
import { OTLP_ATTRIBUTES, OTLP_RESOURCE } from "./otlp-fields.ts";
import { FORMATS, formatOf } from "./registry.ts";
import { DENIED, event } from "./testing.ts";
import { decodeOtlp } from "./testing-otlp.ts";

const lines = (name: string) => formatOf(name) as LineFormat;
const bodies = (name: string) => formatOf(name) as BodyFormat;

const REFUSED: Partial<FlowJson> = {
  verdict: "refused",
  end_reason: "reset",
  src_bytes: 60,
  dst_bytes: 40,
  src_packets: 1,
  dst_packets: 1,
  dst_type: "node",
  dst_name: "office gw",
  dst_id: "n-2",
};
const PING: Partial<FlowJson> = {
  protocol: 58,
  src_ip: "fd0a::9",
  dst_ip: "fd0a::4",
  src_port: null,
  dst_port: null,
  icmp_type: 128,
  icmp_code: 0,
  src_bytes: "9223372036854775807",
  dst_bytes: null,
  nat_src_ip: null,
  nat_src_port: null,
  nat_dst_ip: "fd0a::5",
  uid: 0,
  process: "ping",
  end: null,
  state: "lost",
  verdict: null,
};
const CORPUS = [event(), event({ state: "open", end: null }, { kind: "opened" }), event(DENIED), event(REFUSED), event(PING)];

describe("golden files", () => {
  it.each(FORMATS.filter((format) => format.kind === "lines"))("$name", async (format) => {
    const head = format.head === null ? [] : [format.head];
    const text = [...head, ...CORPUS.map((each) => format.line(each)), ""].join("\n");
    // "vpc-v2.log" would be a file that git ignores.
    await expect(text).toMatchFileSnapshot(`golden/${format.name}.${format.extension.replace("log", "txt")}`);
  });

  it("otlp-json", async () => {
    const text = Buffer.from(await bodies("otlp-json").body(CORPUS)).toString("utf8");
    const [version] = /"version":"[^"]*"/.exec(text) ?? [];
    const stable = JSON.stringify(JSON.parse(text.replace(version ?? "", '"version":"…"')), null, 1);
    await expect(`${stable}\n`).toMatchFileSnapshot("golden/otlp-json.txt");
  });
});

/** Any value that a column may hold. */
function anyValueOf({ name, type, values, optional }: Column): fc.Arbitrary<JsonValue> {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const hostile = fc.oneof(text, fc.constantFrom("=1+1", 'a"b,c\r\nd', "-", "a b", "\u2028", "", "@x", "'; --", "\u0000"));
  const some = ((): fc.Arbitrary<JsonValue> => {
    switch (type) {
      case "u8":
        return fc.nat(255);
      case "u16":
        return fc.nat(65_535);
      case "u32":
        return fc.nat(4_294_967_295);
      case "u64":
        return fc
          .bigInt({ min: 0n, max: 2n ** 64n - 1n })
          .map((wide) => (name !== "flow_id" && wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : String(wide)));
      case "time":
        return fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
      case "address":
        return fc.oneof(fc.ipV4(), fc.constantFrom("fd0a::1", "2001:db8::2"));
      case "bool":
        return fc.boolean();
      case "enum":
        return fc.constantFrom(...(values ?? []));
      case "text":
        return hostile;
    }
  })();
  return optional ? fc.option(some) : some;
}
const anyFlow = fc.record(Object.fromEntries(STORED_COLUMNS.map((column) => [column.name, anyValueOf(column)])));
const anyEvent: fc.Arbitrary<SinkEvent> = fc
  .tuple(anyFlow, fc.constantFrom("opened", "ended"), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  .map(([flow, kind, version]) => event(flow as Partial<FlowJson>, { kind, version: String(version) }));

/** RFC 4180, by a reader of its own; null: nothing, which is not "". */
function csvCells(line: string): (string | null)[] {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/gy)]
    .slice(0, SPECS.csv.all.length)
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain === "" ? null : (plain ?? null)));
}

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === "" ? name : `${path}.${name}`));
}

describe("whatever a flow holds", () => {
  it("a line of ECS is one JSON object, without nulls, with the values of its fields", () => {
    fc.assert(
      fc.property(anyEvent, (each) => {
        const line = lines("ecs").line(each);
        expect(line).not.toMatch(/[\r\n]/);
        const found = new Map(leaves(JSON.parse(line)));
        expect([...found.values()]).not.toContain(null);
        const { flow } = each;
        expect(found.get("event.id")).toBe(each.id);
        expect(found.get("observer.name")).toBe(flow.reporter);
        expect(found.get("source.bytes") ?? null).toBe(flow.src_bytes);
        expect(found.get("flowtrail.source.name") ?? null).toBe(flow.src_name);
        const known = new Set(ECS_FIELDS.map(({ name }) => name));
        expect([...found.keys()].filter((name) => !known.has(name))).toEqual([]);
      }),
    );
  });

  it("a line of ours has all that the event says", () => {
    fc.assert(
      fc.property(anyEvent, (each) => {
        const line = lines("flowtrail").line(each);
        expect(line).not.toMatch(/[\r\n]/);
        expect(JSON.parse(line)).toEqual({ event_id: each.id, event: each.kind, version: each.version, ...each.flow });
      }),
    );
  });

  it("a row of CSV is RFC 4180 and no formula", () => {
    fc.assert(
      fc.property(anyEvent, (each) => {
        const told = SPECS.csv.all.map(({ name, type }) => {
          const value = each.flow[name] ?? null;
          if (value === null) return null;
          return type === "text" ? String(value).replace(/^[=+@\t\r-]/, "'$&") : String(value);
        });
        expect(csvCells(lines("csv").line(each))).toEqual(told);
      }),
    );
  });

  it("a VPC record has as many words as its format has fields, and is of the right side", () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom("vpc-v2", "vpc-v5"), (each, name) => {
        const format = lines(name);
        const fields = format.head?.split(" ") ?? [];
        const records = format.line(each).split("\n");
        for (const [at, record] of records.entries()) {
          const words = record.split(" ");
          expect(words).toHaveLength(fields.length);
          expect(words.every((word) => /^[^\s\p{Cc}]+$/u.test(word))).toBe(true);
          const word = (field: string) => words[fields.indexOf(field)];
          const { flow } = each;
          expect([word("srcaddr"), word("bytes")]).toEqual(
            at === 0 ? [flow.src_ip, String(flow.src_bytes ?? "-")] : [flow.dst_ip, String(flow.dst_bytes ?? "-")],
          );
          expect(word("action")).toBe(flow.verdict === "denied" ? "REJECT" : "ACCEPT");
        }
        expect(records.length).toBeLessThanOrEqual(2);
      }),
    );
  });

  it("OTLP reads back, as protobuf and as JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 4 }), async (events) => {
        const records = decodeOtlp(await bodies("otlp").body(events));
        expect(records).toHaveLength(events.length);
        for (const each of events) {
          const record = records.find(
            ({ attributes }) => attributes["log.record.uid"] === each.id && attributes["flowtrail.version"] === each.version,
          );
          const { flow } = each;
          expect(record?.resource).toMatchObject({ "host.name": flow.reporter, "flowtrail.network": flow.network });
          expect(Object.values(record?.attributes ?? {})).not.toContain(null);
          expect(String(record?.attributes["flowtrail.source.bytes"] ?? null)).toBe(String(flow.src_bytes));
          expect(record?.attributes["flowtrail.destination.name"] ?? null).toBe(flow.dst_name);
          expect(record?.observedNs).toBe(BigInt(each.storedMs) * 1_000_000n);
        }
        JSON.parse(Buffer.from(await bodies("otlp-json").body(events)).toString("utf8"));
      }),
      { numRuns: 50 },
    );
  });

  it("Parquet reads back, column by column", async () => {
    const plain = (value: unknown) =>
      value instanceof Date ? value.toISOString() : typeof value === "bigint" ? String(value) : value;
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), async (events) => {
        const bytes = await bodies("parquet").body(events);
        expect(Buffer.compare(bytes, await bodies("parquet").body(events))).toBe(0);
        const file = new Uint8Array(bytes).buffer;
        const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } });
        expect(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))).toEqual(
          events.map(({ id, kind, version, flow }) => ({
            event_id: id,
            event: kind,
            version,
            ...Object.fromEntries(
              SPECS.parquet.all.map(({ name, type }) => {
                const value = flow[name] ?? null;
                return [name, type === "u64" && value !== null ? String(value) : value];
              }),
            ),
          })),
        );
      }),
      { numRuns: 30 },
    );
  });
});

it("no column is forgotten", () => {
  const left = (fields: readonly { readonly of: readonly string[] }[], known: readonly string[]) => {
    const told = new Set([...fields.flatMap(({ of }) => of), ...known]);
    return COLUMN_LIST.filter(({ name, by }) => by !== "wire" && !told.has(name)).map(({ name }) => name);
  };
  // Of one revision only: no export has them.
  const deltas = ["src_bytes_delta", "dst_bytes_delta", "src_packets_delta", "dst_packets_delta", "since"];
  expect(left(ECS_FIELDS, deltas)).toEqual([]);
  expect(left([...OTLP_ATTRIBUTES, ...OTLP_RESOURCE], deltas)).toEqual([]);
});
