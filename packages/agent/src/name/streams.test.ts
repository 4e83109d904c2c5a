import { describe, expect, it } from "vitest";
import { FlowKey } from "../track/flow-key.ts";
import { Streams } from "./streams.ts";

const keyOf = (port: number): FlowKey => Object.assign(new FlowKey(), { first: port });
const bytes = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value);
const CONFIG = { maxStreams: 300, maxBytesEach: 100, maxBytes: 1000, maxAgeMs: 1000 };

describe("Streams", () => {
  it("puts parts together in order, over the end of the sequence numbers, and takes nothing twice", () => {
    const streams = new Streams(CONFIG);
    const seq = 2 ** 32 - 3;
    streams.begin(keyOf(1), seq, bytes(5), 0, 5, 0, 0);
    expect([seq - 1, seq, 1, 2].map((one) => streams.has(keyOf(1), one, 1))).toEqual([false, true, true, false]);
    expect(streams.has(keyOf(2), seq, 1)).toBe(false);
    expect(streams.append(keyOf(2), 2, bytes(1), 0, 1, 2)).toBeNull();
    expect(streams.append(keyOf(1), 3, bytes(1), 0, 1, 2)).toBeNull();
    expect(streams.append(keyOf(1), 2, bytes(4, 2), 1, 4, 2)).toEqual(Uint8Array.of(1, 1, 1, 1, 1, 2, 2, 2));
    expect(streams.append(keyOf(1), 2, bytes(4, 2), 1, 4, 3)).toBeNull();
    expect(streams.append(keyOf(1), 5, bytes(1, 3), 0, 1, 3)).toHaveLength(9);
    streams.forget(keyOf(1));
    expect([streams.size, streams.heldBytes]).toEqual([0, 0]);
  });

  it("says that it waits until there is what is needed", () => {
    const streams = new Streams(CONFIG);
    streams.begin(keyOf(1), 0, bytes(5), 0, 5, 7, 0);
    expect(streams.append(keyOf(1), 5, bytes(1), 0, 1, 1)).toBe("waits");
    expect(streams.append(keyOf(1), 6, bytes(1), 0, 1, 1)).toHaveLength(7);
    streams.need(keyOf(1), 9);
    expect(streams.append(keyOf(1), 7, bytes(1), 0, 1, 1)).toBe("waits");
    expect(streams.append(keyOf(1), 8, bytes(2), 0, 2, 1)).toHaveLength(10);
    streams.need(keyOf(2), 1);
    expect(streams.size).toBe(1);
  });

  it("begins anew when another connection has the same ports, and gives up what does not go on", () => {
    const streams = new Streams(CONFIG);
    streams.begin(keyOf(1), 10, bytes(5), 0, 5, 0, 0);
    streams.begin(keyOf(1), 99, bytes(5, 9), 0, 5, 0, 1);
    expect(streams.append(keyOf(1), 104, bytes(1), 0, 1, 2)?.[0]).toBe(9);
    expect(streams.append(keyOf(1), 105, bytes(1), 0, 1, 1001)).toBeNull();
    streams.begin(keyOf(2), 1, bytes(5), 0, 5, 0, 1001);
    streams.sweep(3000);
    expect([streams.size, streams.heldBytes, streams.evicted]).toEqual([0, 0, 2]);
  });

  it("holds no more than it may: streams, bytes of one, bytes of all", () => {
    const streams = new Streams(CONFIG);
    streams.begin(keyOf(1), 0, bytes(101), 0, 101, 0, 0);
    expect(streams.size).toBe(0);
    streams.begin(keyOf(1), 0, bytes(60), 0, 60, 0, 0);
    expect(streams.append(keyOf(1), 60, bytes(60), 0, 60, 0)).toBeNull();
    for (let port = 2; port < 100; port++) streams.begin(keyOf(port), 0, bytes(50), 0, 50, 0, 0);
    expect(streams.heldBytes).toBeLessThanOrEqual(1000);
    expect(streams.append(keyOf(99), 50, bytes(1), 0, 1, 0)).toHaveLength(51);
    for (let port = 100; port < 1000; port++) streams.begin(keyOf(port), 0, bytes(1), 0, 1, 0, 0);
    expect(streams.size).toBe(300);
    streams.clear();
    expect([streams.size, streams.heldBytes]).toEqual([0, 0]);
  });
});
