/** Spoilt events of Netmaker's agents: each is read or refused by DecodeError only; what is read and has no problem makes a row that can be stored. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, FlowBatch } from "../../packages/model/src/index.ts";
import { addEvent, eventProblem } from "../../packages/server/src/receive/netmaker/convert.ts";
import { EventDecoder } from "../../packages/server/src/receive/netmaker/decode.ts";
import { FlowPlaces } from "../../packages/server/src/receive/netmaker/places.ts";
import { destroy, encode, start } from "../../packages/server/src/receive/netmaker/testing/events.ts";
import { RECORDED } from "../../packages/server/src/receive/netmaker/testing/recorded.ts";
import { assertStorable } from "../../packages/server/src/store/flow-split.ts";
import { Mutator, Random } from "./mutate.ts";

const INPUTS = 60_000;
const NOW_MS = Date.UTC(2026, 10, 22, 12);
const limits = { nowMs: NOW_MS, oldestMs: NOW_MS - 30 * 86_400_000 };
const context = { ...limits, reporterName: null, isOwnNode: () => null };
const decoder = new EventDecoder();

const corpus = [
  ...(["1.4", "1.5"] as const).flatMap((dialect) => [
    encode(dialect, destroy({}, NOW_MS)),
    encode(dialect, start(dialect, {}, NOW_MS)),
    encode(dialect, destroy({ protocol: 1, icmpType: 8, srcPort: 0, dstPort: 0 }, NOW_MS)),
  ]),
  ...RECORDED.map(({ hex }) => Buffer.from(hex, "hex")),
];

type Outcome = "refused" | "problem" | "row";

/** @throws whatever is no DecodeError, and if a row can't be stored */
function attempt(bytes: Uint8Array): Outcome {
  try {
    decoder.decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return "refused";
    throw error;
  }
  const { event } = decoder;
  if (eventProblem(event, limits) !== null) return "problem";
  const batch = new FlowBatch(1);
  const { flow } = new FlowPlaces({ capacity: 10, shared: false }).find(event, NOW_MS);
  const row = addEvent(batch, event, flow, context);
  const { src_type, primary, dst_type, start: began, last_seen, end } = batch.columns;
  // What the inventory fills in.
  src_type.set(row, "unknown");
  dst_type.set(row, "unknown");
  primary.set(row, true);
  assertStorable(batch);
  const [startMs, lastMs] = [began.get(row) ?? 0, last_seen.get(row) ?? 0];
  if (lastMs < startMs || (end.get(row) ?? lastMs) !== lastMs) throw new Error("a flow that ends before it began");
  return "row";
}

describe("spoilt events", { timeout: 60_000 }, () => {
  it("of a corpus", () => {
    const mutator = new Mutator(corpus, new Random(20_261_122));
    const outcomes = { refused: 0, problem: 0, row: 0 };
    for (let i = 0; i < INPUTS; i++) {
      mutator.next();
      const bytes = mutator.bytes.slice(Mutator.OFFSET, mutator.end);
      try {
        outcomes[attempt(bytes)]++;
      } catch (cause) {
        throw new Error(`of ${Buffer.from(bytes).toString("hex")}`, { cause });
      }
    }
    // Each way out is taken by many.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(INPUTS / 100);
  });

  it("of nothing but noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(attempt(bytes)).not.toBe("row");
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it("of fields in any order, with others between", () => {
    const [message] = corpus as [Uint8Array];
    const unknown = fc.record({
      field: fc.integer({ min: 22, max: 300_000 }),
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    });
    const before = attempt(message);
    fc.assert(
      fc.property(fc.array(unknown, { maxLength: 20 }), (extra) => {
        const added = extra.flatMap(({ field, value }) => [...varint(BigInt(field) << 3n), ...varint(value)]);
        expect(attempt(Buffer.concat([Buffer.from(added), message]))).toBe(before);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it.each([
    ["a group", [0x0b, 0x0c]],
    ["field 0", [0x00, 0x01]],
    ["a number of eleven bytes", [0x08, ...new Array(10).fill(0x80), 0x01]],
    ["a number of more than 64 bits", [0x08, ...new Array(9).fill(0xff), 0x02]],
    ["a length beyond the end", [0x12, 0x7f, 0x61]],
    ["a length of 2^63", [0x12, ...new Array(9).fill(0x80), 0x01]],
    ["ten thousand fields", new Array(20_000).fill(0).flatMap(() => [0x08, 0x01])],
    ["both dialects", [0x28, 0x06, 0x58, 0x01]],
    ["neither", [0x08, 0x01]],
    ["nothing", []],
  ])("%s is refused", (_title, bytes) => expect(attempt(Uint8Array.from(bytes))).toBe("refused"));
});

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}
