import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHandshake } from "./client-hello.ts";
import { CryptoStream } from "./crypto-stream.ts";
import { message } from "./testing/messages.ts";
import { Work } from "./work.ts";

const HELLO = message("tls", "chromium").subarray(5);
const WHOLE = decodeHandshake(HELLO, 0, HELLO.length, new Work());

/** Parts of the hello, from a place on and so long. */
const parts = fc.array(fc.tuple(fc.nat(HELLO.length - 1), fc.integer({ min: 1, max: 400 })), { maxLength: 60 });

describe("CryptoStream", () => {
  it("puts any parts together as a plain array of bytes would, where the first that came for a place stays", () => {
    const property = fc.property(parts, (list) => {
      const stream = new CryptoStream();
      const there = new Uint8Array(HELLO.length);
      const prefix = (): number => (there.indexOf(0) < 0 ? there.length : there.indexOf(0));
      for (const [from, length] of list) {
        const end = Math.min(from + length, HELLO.length);
        // What is there already comes as something else the second time.
        const data = HELLO.slice(from, end).map((octet, i) => (there[from + i] === 1 ? octet ^ 0xff : octet));
        const before = prefix();
        there.fill(1, from, end);
        const work = new Work();
        stream.add(from, data, 0, data.length, work);
        expect(work.steps).toBeLessThanOrEqual(64 + data.length);
        const expected = prefix() > before ? decodeHandshake(HELLO, 0, prefix(), new Work()) : null;
        expect(stream.hello(new Work())).toEqual(expected);
      }
      stream.add(0, HELLO, 0, HELLO.length, new Work());
      if (there.includes(0)) expect(stream.hello(new Work())).toEqual(WHOLE);
    });
    fc.assert(property, { numRuns: 500, seed: 42 });
  });

  it("reserves what the hello takes as soon as it says so, and no more", () => {
    const stream = new CryptoStream();
    expect(stream.heldBytes).toBe(0);
    stream.add(0, HELLO, 0, 10, new Work());
    stream.add(10, HELLO, 10, 100, new Work());
    expect(stream.heldBytes).toBe(HELLO.length);
  });
});
