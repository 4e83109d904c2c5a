import { type Cidr, cidrContains, type ParticipantType, parseAddress, parseCidr } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOLDING_KINDS, type Holding } from "../holding.ts";
import { EXTERNAL } from "../lookup.ts";
import { AttributionTable } from "./table.ts";

/** The rules of order.ts once more, in the plainest words, over all holdings for each question. */
function naive(
  holdings: readonly Holding[],
  address: Uint8Array,
  atMs: number,
  reporterId: string,
): [Holding, string | null] | null {
  const holds = ({ cidr, fromMs, toMs, isFirst }: Holding) =>
    cidr.prefixBits !== (cidr.v4 ? 96 : 0) && cidrContains(cidr, address) && toMs > atMs && (fromMs <= atMs || isFirst);
  let left = holdings.filter(holds);
  const keepLowest = (rank: (holding: Holding) => number) => {
    const lowest = Math.min(...left.map(rank));
    left = left.filter((holding) => rank(holding) === lowest);
  };
  const isAgents = ({ source }: Holding) => source.startsWith("agent:");
  const described = left.filter((holding) => !isAgents(holding));
  const longest = Math.max(...described.map(({ cidr }) => cidr.prefixBits));
  if (described.some(({ cidr, kind }) => cidr.prefixBits === longest && kind !== "network")) left = described;
  keepLowest(({ cidr }) => -cidr.prefixBits);
  keepLowest((holding) => Number(isAgents(holding)));
  keepLowest(({ kind }) => HOLDING_KINDS.indexOf(kind));
  const own = `agent:${reporterId}`;
  if (left.some(({ source }) => source === own)) {
    left = left.filter(({ source }) => source === own || !source.startsWith("agent:"));
  }
  const domains = new Set(left.flatMap(({ domain }) => domain ?? []));
  keepLowest(({ fromMs }) => (fromMs <= atMs ? 0 : 1));
  keepLowest(({ precedence }) => precedence);
  const types: ParticipantType[] = ["node", "user", "extclient", "egress_route", "unknown", "external"];
  keepLowest(({ participant }) => types.indexOf(participant.type));
  const text = ({ participant, source, domain }: Holding) =>
    [participant.id, source, participant.device, domain].map((part) => part ?? "~").join(" ");
  const [best] = left.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : b.fromMs - a.fromMs));
  return best === undefined ? null : [best, domains.size > 1 ? null : best.domain];
}

/** Few addresses and few times, so that much of it is in each other's way. */
const words = fc.tuple(fc.boolean(), fc.nat(15), fc.constantFrom(0, 255));
function bytesOf([v4, low, edge]: [boolean, number, number]): Uint8Array {
  const text = v4 ? `${edge}.${edge}.${edge}.${240 + low}` : `${edge === 0 ? "0" : "ffff"}:0:0:1::ff${low.toString(16)}`;
  return parseAddress(text) as Uint8Array;
}
const cidrs = fc
  .tuple(words, fc.oneof(fc.nat(128), fc.integer({ min: 120, max: 128 }), fc.constant(128)))
  .map(([address, bits]): Cidr => {
    const bytes = bytesOf(address);
    const prefixBits = address[0] ? Math.max(96, bits) : bits;
    for (let i = prefixBits; i < 128; i++) bytes[i >> 3] = (bytes[i >> 3] ?? 0) & ~(0x80 >> (i & 7));
    return { bytes, prefixBits, v4: address[0] };
  });
const times = fc.integer({ min: 1, max: 8 });
const holdings = fc
  .record({
    cidr: cidrs,
    kind: fc.constantFrom(...HOLDING_KINDS),
    type: fc.constantFrom<ParticipantType>("node", "user", "extclient", "egress_route"),
    id: fc.constantFrom("a", "b", "c"),
    domain: fc.constantFrom(null, null, "x.test", "y.test"),
    source: fc.constantFrom("file", "netmaker", "agent:r", "agent:s", "agent:t"),
    fromMs: times,
    lastsMs: fc.oneof(times, fc.constant(Number.POSITIVE_INFINITY)),
    isFirst: fc.boolean(),
  })
  .map(({ type, id, lastsMs, source, ...rest }): Holding => {
    const precedence = source === "file" ? 0 : source === "netmaker" ? 1 : 2;
    const participant = { ...EXTERNAL, type, id };
    return { ...rest, network: "n", source, precedence, participant, toMs: rest.fromMs + lastsMs };
  });
const questions = fc.record({ address: words, atMs: fc.integer({ min: 0, max: 17 }), reporter: fc.constantFrom("r", "s", "z") });

describe("the table", () => {
  it("answers as the plain rules do", () => {
    const lists = fc.array(holdings, { maxLength: 40, size: "max" });
    fc.assert(
      fc.property(lists, fc.array(questions, { minLength: 10, maxLength: 20 }), (list, asked) => {
        const table = new AttributionTable({ holdings: list, nodes: [] });
        for (const { address, atMs, reporter } of asked) {
          const bytes = Uint8Array.from([9, 9, 9, ...bytesOf(address)]);
          const { holding, domain } = table.answer(table.find(bytes, 3, atMs, table.reporter(reporter)));
          const expected = naive(list, bytes.subarray(3), atMs, reporter);
          expect([describeHolding(holding), domain]).toEqual([describeHolding(expected?.[0]), expected?.[1] ?? null]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("answers so with thousands of ranges, too", () => {
    const list = Array.from({ length: 3000 }, (_, i): Holding => {
      const text =
        i % 3 === 2 ? `fd00:${i % 50}:${i.toString(16)}::/${40 + (i % 9)}` : `${i % 256}.${i % 7}.${i % 200}.0/${9 + (i % 20)}`;
      const participant = { ...EXTERNAL, type: "egress_route" as const, id: String(i) };
      const time = { fromMs: i % 5, isFirst: false, toMs: i % 4 === 0 ? 7 : Number.POSITIVE_INFINITY };
      const cidr = parseCidr(text) as Cidr;
      return { network: "n", cidr, kind: "range", participant, domain: null, source: "file", precedence: 0, ...time };
    });
    const table = new AttributionTable({ holdings: list, nodes: [] });
    for (const { cidr } of list.filter((_, i) => i % 13 === 0)) {
      for (const step of [-1, 0, 1]) {
        const address = cidr.bytes.slice();
        address[15] = (address[15] ?? 0) + step;
        for (const atMs of [3, 8]) {
          const { holding } = table.answer(table.find(address, 0, atMs, -1));
          expect(describeHolding(holding)).toEqual(describeHolding(naive(list, address, atMs, "")?.[0]));
        }
      }
    }
  });

  it("gives the same answer between two turns", () => {
    const lists = fc.array(holdings, { maxLength: 20, size: "max" });
    fc.assert(
      fc.property(lists, words, times, times, (list, address, aMs, bMs) => {
        const table = new AttributionTable({ holdings: list, nodes: [] });
        fc.pre(table.epochAt(aMs) === table.epochAt(bMs));
        const bytes = bytesOf(address);
        expect(table.find(bytes, 0, aMs, -1)).toBe(table.find(bytes, 0, bMs, -1));
      }),
    );
  });

  it("finds its way in a long history and among many who declare the same", () => {
    const base = { network: "n", cidr: parseCidr("172.17.0.1/32") as Cidr, kind: "address", domain: null } as const;
    const lists = Array.from({ length: 5000 }, (_, i): Holding => {
      const participant = { ...EXTERNAL, type: "node" as const, id: `n${String(i).padStart(4, "0")}` };
      return {
        ...base,
        participant,
        source: `agent:${i}`,
        precedence: 2,
        fromMs: i,
        isFirst: true,
        toMs: Number.POSITIVE_INFINITY,
      };
    });
    const versions = lists.map((one, i): Holding => {
      const cidr = parseCidr("172.17.0.2/32") as Cidr;
      return { ...one, cidr, source: "file", precedence: 0, fromMs: i, toMs: i + 1, isFirst: i === 0 };
    });
    const table = new AttributionTable({ holdings: [...lists, ...versions], nodes: [] });
    const id = (address: string, atMs: number, reporter: string) => {
      const found = table.find(parseAddress(address) as Uint8Array, 0, atMs, table.reporter(reporter));
      return table.answer(found).participant.id;
    };
    expect([id("172.17.0.1", 9999, "4321"), id("172.17.0.1", 9999, "x"), id("172.17.0.1", -1, "77")]).toEqual([
      "n4321",
      "n0000",
      "n0077",
    ]);
    expect([id("172.17.0.2", -5, "x"), id("172.17.0.2", 4321, "x"), id("172.17.0.2", 5000, "x")]).toEqual([
      "n0000",
      "n4321",
      null,
    ]);
  });
});

function describeHolding(holding: Holding | null | undefined): unknown {
  if (holding == null) return null;
  const { participant, source, kind, cidr, fromMs } = holding;
  return [participant.type, participant.id, source, kind, cidr.prefixBits, fromMs];
}
