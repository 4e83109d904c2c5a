import { describe, expect, it } from "vitest";
import type { Delivery } from "../receive/ports.ts";
import { AgentBook } from "./agent-book.ts";

function delivery(sequence: number, change: Partial<Delivery> = {}): Delivery {
  return {
    reporterId: "a",
    reporter: "node a",
    epoch: "e",
    sequence,
    part: "",
    receivedMs: 1000 + sequence,
    rows: 10,
    rejected: 0,
    coveredFromMs: sequence * 100,
    coveredToMs: sequence * 100 + 100,
    spoolBatches: 1,
    spoolBytes: 100,
    drops: { self: 1 },
    gauges: {},
    clockSkewMs: 0,
    agentVersion: "1",
    addresses: {},
    ...change,
  };
}

function book(...deliveries: Delivery[]) {
  const made = new AgentBook();
  for (const one of deliveries) made.note(one);
  return made.reports(5000, { isHeard: () => true, isOff: () => false });
}
const gaps = (...sequences: number[]) =>
  book(...sequences.map((sequence) => delivery(sequence)))[0]?.lost_batches.map(({ from, to }) => [from, to]);

describe("the book of agents", () => {
  it("adds up what agents say, each batch once", () => {
    const [agent] = book(delivery(1), delivery(2), delivery(2), delivery(3, { rejected: 2, drops: { self: 1, overrun: 5 } }));
    expect(agent).toMatchObject({ reporter_id: "a", reporter: "node a", rows: 30, rejected: 2, drops: { self: 3, overrun: 5 } });
    expect(agent).toMatchObject({
      covered_from: new Date(100).toISOString(),
      covered_to: new Date(400).toISOString(),
      lag_ms: 4600,
    });
  });

  it("counts both halves of a batch that was too large", () => {
    expect(book(delivery(1), delivery(2, { part: "1" }), delivery(2, { part: "2" }))).toMatchObject([
      { rows: 30, lost_batches: [] },
    ]);
  });

  it("sees gaps, and that late batches fill them", () => {
    expect(gaps(1, 2, 3)).toEqual([]);
    expect(gaps(40, 44)).toEqual([[41, 43]]);
    expect(gaps(40, 44, 42)).toEqual([
      [41, 41],
      [43, 43],
    ]);
    expect(gaps(40, 44, 42, 41, 43)).toEqual([]);
    expect(gaps(1, 3, 6)).toEqual(
      expect.arrayContaining([
        [2, 2],
        [4, 5],
      ]),
    );
  });

  it("sees no gap between two state directories, nor of a sender that does not number", () => {
    expect(book(delivery(7), delivery(1, { epoch: "f" }), delivery(2, { epoch: "f" }))).toMatchObject([
      { lost_batches: [], rows: 30 },
    ]);
    expect(book(delivery(1000, { epoch: "" }), delivery(9000, { epoch: "" }))).toMatchObject([{ lost_batches: [], rows: 20 }]);
  });

  it("keeps what the agent said beside another sender on its node", () => {
    const plain = delivery(5000, { epoch: "", agentVersion: "", addresses: {}, receivedMs: 4000 });
    expect(book(delivery(1, { addresses: { net: ["10.0.0.1"] } }), plain)).toMatchObject([
      { version: "1", addresses: { net: ["10.0.0.1"] }, last_seen: new Date(4000).toISOString() },
    ]);
  });
});
