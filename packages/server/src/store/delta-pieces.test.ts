import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inPieces, LONGEST_DELTA_MS, pieceEnds } from "./delta-pieces.ts";
import { DELTA_COUNTERS } from "./schema/flow-tables.ts";
import { batchOf, type FlowRow } from "./test-batches.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 20, 12);

const delta = (since: number, last_seen: number, counters: readonly number[], more: FlowRow = {}): FlowRow => ({
  start: since,
  since,
  last_seen,
  ...Object.fromEntries(DELTA_COUNTERS.map((name, i) => [name, counters[i] ?? 0])),
  ...more,
});

function piecesOf(rows: readonly FlowRow[]) {
  const pieces = inPieces(batchOf(rows));
  return Array.from({ length: pieces.length }, (_, row) => ({
    id: String(pieces.columns.flow_id.getBigInt(row)),
    since: pieces.columns.since.get(row) ?? Number.NaN,
    last: pieces.columns.last_seen.get(row) ?? Number.NaN,
    estimated: pieces.columns.estimated.get(row),
    domain: pieces.columns.domain.get(row),
    counters: DELTA_COUNTERS.map((name) => pieces.columns[name].get(row) ?? Number.NaN),
  }));
}

describe("a delta", () => {
  it("of two minutes stays as it is", () => {
    const [piece] = piecesOf([delta(noon, noon + 2 * minute, [600, 3, 2, 1])]);
    expect(piece).toMatchObject({ since: noon, last: noon + 2 * minute, estimated: null, counters: [600, 3, 2, 1] });
  });

  it("that is longer is cut at each minute, at each hour, at each day", () => {
    expect(pieceEnds(noon + 30_000, noon + 3 * minute + 1)).toEqual(
      [1, 2, 3].map((n) => noon + n * minute - 1).concat(noon + 3 * minute + 1),
    );
    expect(pieceEnds(noon + 1, noon + 3 * hour - 1)).toEqual([1, 2, 3].map((n) => noon + n * hour - 1));
    expect(pieceEnds(noon, noon + 40 * day)).toHaveLength(41);
    expect(pieceEnds(0, noon)).toHaveLength(367);
  });

  it("is spread evenly, and pieces that moved nothing are left out", () => {
    const even = piecesOf([delta(noon, noon + 10 * minute - 1, [1000, 0, 1, 0], { domain: "a.example" })]);
    expect(even.map(({ counters }) => counters[0])).toEqual(Array.from({ length: 10 }, () => 100));
    expect(even.every(({ estimated, domain }) => estimated === true && domain === "a.example")).toBe(true);
    expect(piecesOf([delta(noon, noon + 2 * hour, [2, 0, 0, 1])]).length).toBeLessThan(4);
  });

  it("loses nothing and gains nothing, whatever it is", () => {
    const counter = fc.oneof(fc.nat(5), fc.nat(1e9), fc.constant(Number.MAX_SAFE_INTEGER), fc.maxSafeNat());
    const length = fc.oneof(fc.nat(5 * minute), fc.nat(3 * hour), fc.nat(3 * day), fc.nat(500 * day));
    const one = fc.record({
      since: fc.integer({ min: noon - 900 * day, max: noon }),
      length,
      counters: fc.tuple(counter, counter, counter, counter),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 3 }), (given) => {
        const rows = given.map(({ since, length, counters }, id) =>
          delta(since, since + length, counters, { flow_id: String(id) }),
        );
        const pieces = piecesOf(rows);
        expect(piecesOf(rows)).toEqual(pieces);
        for (const [id, { since, length, counters }] of given.entries()) {
          const own = pieces.filter((piece) => piece.id === String(id));
          const sums = counters.map((_, i) => own.reduce((sum, piece) => sum + BigInt(piece.counters[i] ?? 0), 0n));
          expect(sums).toEqual(counters.map(BigInt));
          expect(own.every(({ counters: parts }) => parts.every((part) => part >= 0))).toBe(true);
          // One after the other, within the delta, the last one up to its end.
          for (const [i, piece] of own.entries()) {
            expect(piece.since).toBeGreaterThanOrEqual(i === 0 ? since : (own[i - 1]?.last ?? 0) + 1);
            expect(piece.last).toBeGreaterThanOrEqual(piece.since);
            if (length <= 31 * day && length > LONGEST_DELTA_MS)
              expect(piece.last - piece.since).toBeLessThan(length > 2 * hour ? hour : minute);
          }
          if (counters.some((amount) => amount > 0)) expect(own.at(-1)?.last).toBe(since + length);
        }
      }),
    );
  });
});
