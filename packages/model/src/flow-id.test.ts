import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLOW_ID_EPOCH_MS, flowIdTimeMs, flowIdToString, flowIdWords, parseFlowId } from "./flow-id.ts";

function make(ms: number, sequence: number): bigint {
  const words = new Uint32Array(4);
  flowIdWords(ms, sequence, words, 1);
  expect([words[0], words[3]]).toEqual([0, 0]);
  const id = parseFlowId(flowIdToString(words[1] ?? 0, words[2] ?? 0));
  expect(id).toBe((BigInt(words[2] ?? 0) << 32n) | BigInt(words[1] ?? 0));
  return id as bigint;
}

describe("flow ids", () => {
  it("hold 42 bits of time and 22 of sequence", () => {
    expect(FLOW_ID_EPOCH_MS).toBe(Date.parse("2020-01-01T00:00:00Z"));
    expect(make(FLOW_ID_EPOCH_MS, 0)).toBe(0n);
    expect(make(FLOW_ID_EPOCH_MS + 1, 1)).toBe((1n << 22n) | 1n);
    expect(make(Date.parse("2026-11-22T09:51:00Z"), 0x3fffff)).toBe((217504260000n << 22n) | 0x3fffffn);
  });

  it("give time and sequence back", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().map((n) => n % 2 ** 42),
        fc.nat(2 ** 22 - 1),
        (time, sequence) => {
          const id = make(FLOW_ID_EPOCH_MS + time, sequence);
          expect(flowIdTimeMs(id)).toBe(FLOW_ID_EPOCH_MS + time);
          expect(Number(id & 0x3fffffn)).toBe(sequence);
        },
      ),
    );
  });

  it("wrap the sequence and hold the time within its bits", () => {
    expect(make(FLOW_ID_EPOCH_MS, 2 ** 22 + 5)).toBe(5n);
    expect(make(0, 7)).toBe(7n);
    expect(make(FLOW_ID_EPOCH_MS + 0.9, 7)).toBe(7n);
    expect(make(FLOW_ID_EPOCH_MS + 2 ** 43, 0x3fffff)).toBe(2n ** 64n - 1n);
  });

  it("are written as BigInt would write them", () => {
    const word = fc.nat(2 ** 31 - 1).chain((n) => fc.constantFrom(n, n * 2 + 1, 2 ** 32 - 1, 0));
    fc.assert(
      fc.property(word, word, (low, high) => {
        expect(flowIdToString(low, high)).toBe(((BigInt(high) << 32n) | BigInt(low)).toString());
      }),
    );
  });
});

describe("parseFlowId", () => {
  it.each([
    "",
    "-1",
    "+1",
    "01",
    "1.0",
    "0x1",
    " 1",
    "1n",
    "18446744073709551616",
    "99999999999999999999",
    "123456789012345678901",
  ])("refuses %j", (text) => {
    expect(parseFlowId(text)).toBeNull();
  });

  it("reads the largest", () => {
    expect(parseFlowId("18446744073709551615")).toBe(2n ** 64n - 1n);
  });
});
