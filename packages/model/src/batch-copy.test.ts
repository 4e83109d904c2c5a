import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitAt, copyBits, countBits, gatherBits, packBits, setBits, unpackBits } from "./batch-copy.ts";

const bits = (bytes: Uint8Array): boolean[] => Array.from({ length: bytes.length * 8 }, (_, at) => bitAt(bytes, at));
const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
const ranges = fc.record({ from: fc.nat(60), to: fc.nat(60), count: fc.nat(60) });

describe("bits, against one by one", () => {
  it("copyBits", () => {
    fc.assert(
      fc.property(bytes, bytes, ranges, (source, target, { from, to, count }) => {
        const expected = bits(target);
        expected.splice(to, count, ...bits(source).slice(from, from + count));
        copyBits(source, from, target, to, count);
        expect(bits(target)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("setBits and countBits", () => {
    fc.assert(
      fc.property(bytes, ranges, (target, { to, count }) => {
        const expected = bits(target).fill(true, to, to + count);
        setBits(target, to, count);
        expect(bits(target)).toEqual(expected);
        expect(countBits(target, to + count)).toBe(expected.slice(0, to + count).filter(Boolean).length);
      }),
      { numRuns: 1000 },
    );
  });

  it("packBits, unpackBits and gatherBits", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), fc.array(fc.nat(39), { maxLength: 40 }), (values, places) => {
        const packed = packBits(Uint8Array.from(values, Number), values.length);
        expect(bits(packed).slice(0, values.length)).toEqual(values);
        expect(countBits(packed, packed.length * 8)).toBe(values.filter(Boolean).length);
        const unpacked = new Uint8Array(3 + values.length);
        unpackBits(packed, unpacked, 3, values.length);
        expect([...unpacked]).toEqual([0, 0, 0, ...values.map(Number)]);
        const gathered = new Uint8Array(5);
        gatherBits(packed, gathered, Int32Array.from(places));
        expect(bits(gathered).slice(0, places.length)).toEqual(places.map((place) => values[place] ?? false));
      }),
      { numRuns: 500 },
    );
  });
});
