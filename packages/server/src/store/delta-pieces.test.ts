import type { FlowBatch } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inPieces, LONGEST_DELTA_MS, pieceCount, pieceEnds } from "./delta-pieces.ts";
import { assertStorable, deltasOf, MAX_PIECES } from "./flow-split.ts";
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

/** Delta by delta: short ones come first. */
function piecesOf(rows: readonly FlowRow[], atOnce?: number) {
  const pieces = [...inPieces(batchOf(rows), atOnce)].flatMap(told);
  return pieces.sort((a, b) => Number(a.id) - Number(b.id));
}

function told(pieces: FlowBatch) {
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

  it("that is longer is cut at whole minutes, hours or days, into some fifty pieces at most", () => {
    expect(pieceEnds(noon + 30_000, noon + 3 * minute + 1)).toEqual(
      [1, 2, 3].map((n) => noon + n * minute - 1).concat(noon + 3 * minute + 1),
    );
    expect(pieceEnds(noon + 1, noon + 2 * hour - 1)).toEqual(
      Array.from({ length: 24 }, (_, n) => noon + (n + 1) * 5 * minute - 1),
    );
    expect(pieceEnds(noon + 1, noon + 30 * hour - 1)).toEqual(Array.from({ length: 30 }, (_, n) => noon + (n + 1) * hour - 1));
    expect(pieceEnds(noon, noon + 40 * day)).toHaveLength(41);
    expect(pieceEnds(0, noon)).toHaveLength(47);
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
        // Whatever else is in the batch, and however much is made at once.
        expect(rows.flatMap((row) => piecesOf([row], 1))).toEqual(pieces);
        for (const [id, { since, length, counters }] of given.entries()) {
          const own = pieces.filter((piece) => piece.id === String(id));
          const sums = counters.map((_, i) => own.reduce((sum, piece) => sum + BigInt(piece.counters[i] ?? 0), 0n));
          expect(sums).toEqual(counters.map(BigInt));
          expect(own.every(({ counters: parts }) => parts.every((part) => part >= 0))).toBe(true);
          // One after the other, within the delta, the last one up to its end.
          for (const [i, piece] of own.entries()) {
            expect(piece.since).toBeGreaterThanOrEqual(i === 0 ? since : (own[i - 1]?.last ?? 0) + 1);
            expect(piece.last).toBeGreaterThanOrEqual(piece.since);
            const width = Math.max(minute, Math.min(8 * day, length / 16));
            if (length <= 366 * day && length > LONGEST_DELTA_MS) expect(piece.last - piece.since).toBeLessThan(width);
          }
          expect(own.length).toBeLessThanOrEqual(pieceCount(since, since + length));
          expect(pieceCount(since, since + length)).toBe(pieceEnds(since, since + length).length);
          expect(pieceCount(since, since + length)).toBeLessThanOrEqual(49);
          if (counters.some((amount) => amount > 0)) expect(own.at(-1)?.last).toBe(since + length);
        }
      }),
    );
  });
});

describe("a batch", () => {
  const totals = (flow_id: number, days: number): FlowRow => ({
    flow_id: String(flow_id),
    start: noon - days * day,
    last_seen: noon,
    end: noon,
    state: "closed",
    src_bytes: 1e9,
  });

  it("of long flows becomes pieces a few at a time, and is counted as what it becomes", () => {
    const batch = batchOf(Array.from({ length: 1000 }, (_, id) => totals(id, 30)));
    const made = [...inPieces(deltasOf(batch), 5000)].map(({ length }) => length);
    expect(Math.max(...made)).toBeLessThan(5049);
    const sum = made.reduce((all, length) => all + length, 0);
    expect(sum).toBe(assertStorable(batch) + 1000);
    expect(sum).toBeLessThanOrEqual(49_000);
  });

  it("without long flows stays whole, however large it is", () => {
    const short = (id: number) => ({ ...totals(id, 30), since: noon - minute, src_bytes_delta: 1, revision: 3 });
    const batch = batchOf([short(1), short(2)]).pick(Int32Array.from({ length: 50_000 }, (_, at) => at % 2));
    expect([...inPieces(deltasOf(batch))].map(({ length }) => length)).toEqual([50_000]);
  });

  it("that would become too many is refused", () => {
    const batch = batchOf([totals(1, 30)]).pick(new Int32Array(20_000));
    expect(() => assertStorable(batch)).toThrow(
      expect.objectContaining({ data: { code: "BATCH_TOO_MANY_PIECES", pieces: 20_000 * 30, limit: MAX_PIECES } }),
    );
    expect(() => assertStorable(batchOf([totals(1, 30)]).pick(new Int32Array(8_000)))).not.toThrow();
    // The same bytes as they were moved are as many rows as they are.
    expect(() =>
      assertStorable(
        batchOf([{ ...totals(1, 30), since: noon - minute, src_bytes_delta: 1, revision: 3 }]).pick(new Int32Array(20_000)),
      ),
    ).not.toThrow();
  });
});
