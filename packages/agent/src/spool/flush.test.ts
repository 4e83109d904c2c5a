import { addJsonRow, type BatchMetadata, decodeBatch, type FlowBatch } from "@flowtrail/model";
import { beforeEach, describe, expect, it } from "vitest";
import { SpoolError } from "./errors.ts";
import { Flusher } from "./flush.ts";

/** A tracker with nothing but what a test puts into it; and a disk that can be full, which a real one is only as root (faults.test.ts). */
let rows: number[] = [];
let drops: Record<string, number> = {};
let spooled: { ports: (number | null)[]; metadata: BatchMetadata; rows: number }[] = [];
let checkpoints: number[] = [];
let full = false;
let flusher: Flusher;
let losses: { batches: number; rows: number; fromSequence: number; toSequence: number } | null = null;

function refuse(): void {
  if (full) throw new SpoolError({ code: "SPOOL_DISK_FULL", path: "/x", errno: "ENOSPC" }, "full");
}

beforeEach(() => {
  [rows, drops, spooled, checkpoints, full, losses] = [[], {}, [], [], false, null];
  let coveredMs = 1000;
  flusher = new Flusher({
    tracker: {
      collect(batch: FlowBatch, _nowMs: number, maxRows = Number.POSITIVE_INFINITY) {
        for (const port of rows.splice(0, maxRows)) addJsonRow(batch, { reporter: "n", src_port: port });
      },
      checkpoint: () => new Uint8Array(1),
    },
    spool: {
      append(bytes, info) {
        refuse();
        const { batch, metadata } = decodeBatch(bytes, { maxRows: 1e6 });
        const ports = Array.from({ length: batch.length }, (_, row) => batch.columns.src_port.get(row));
        return spooled.push({ ports, metadata: metadata as BatchMetadata, rows: info.rows });
      },
      checkpoint() {
        refuse();
        checkpoints.push(spooled.length);
      },
      takeLosses() {
        const taken = losses;
        losses = null;
        return taken;
      },
    },
    coverage: {
      take(nowMs) {
        const fromMs = coveredMs;
        coveredMs = nowMs;
        return { fromMs, toMs: nowMs };
      },
    },
    facts: () => ({ agent_version: "1", addresses: { n: ["10.0.0.1"] }, gauges: { open_flows: 7 } }),
    drops: () => drops,
  });
});

describe("the flusher", () => {
  it("spools rows as they come, and a batch without rows after ten seconds of nothing", () => {
    expect(flusher.flush(20_000), "the first says that we are here").toBe(1);
    rows = [1, 2];
    expect(flusher.flush(20_500)).toBe(1);
    expect(flusher.flush(21_000)).toBe(0);
    expect(flusher.flush(30_000)).toBe(0);
    expect(flusher.flush(30_500)).toBe(1);
    expect(spooled.map((batch) => batch.ports)).toEqual([[], [1, 2], []]);
    expect(spooled.map((batch) => [batch.metadata.covered_from, batch.metadata.covered_to])).toEqual([
      [1000, 20_000],
      [20_000, 20_500],
      [20_500, 30_500],
    ]);
    expect(spooled[1]).toMatchObject({
      rows: 2,
      metadata: { addresses: { n: ["10.0.0.1"] }, gauges: { open_flows: 7 }, agent_version: "1" },
    });
  });

  it("goes on when the clock is set back", () => {
    flusher.flush(1_000_000);
    expect(flusher.flush(500_000)).toBe(1);
    expect(flusher.flush(500_500)).toBe(0);
    expect(flusher.flush(510_000)).toBe(1);
  });

  it("tells each drop once, and what the spool let go", () => {
    drops = { self: 3, icmp_off: 0 };
    flusher.flush(20_000);
    drops = { self: 5, icmp_off: 1 };
    losses = { batches: 2, rows: 40, fromSequence: 1, toSequence: 2 };
    flusher.flush(20_500, { force: true });
    flusher.flush(21_000, { force: true });
    expect(spooled.map((batch) => batch.metadata.drops)).toEqual([
      { self: 3 },
      { self: 2, icmp_off: 1, spool_batches: 2, spool_rows: 40 },
      {},
    ]);
  });

  it("makes several batches of very many rows, of one time, and tells counts with the first only", () => {
    rows = Array.from({ length: 20_000 }, (_, i) => i);
    drops = { self: 1 };
    expect(flusher.flush(20_000)).toBe(3);
    expect(spooled.map(({ rows: count, metadata }) => [count, metadata.covered_from, metadata.covered_to])).toEqual([
      [8000, 1000, 20_000],
      [8000, 1000, 20_000],
      [4000, 1000, 20_000],
    ]);
    expect(spooled.flatMap((batch) => batch.ports)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect(spooled.map((batch) => batch.metadata.drops)).toEqual([{ self: 1 }, {}, {}]);
  });

  it("keeps a batch that could not be written, collects nothing more, takes no checkpoint, and goes on when there is room", () => {
    rows = [1];
    full = true;
    expect(() => flusher.flush(20_000)).toThrow(SpoolError);
    rows = [2];
    expect(() => flusher.flush(20_500)).toThrow(SpoolError);
    expect(rows, "still in the tracker's table").toEqual([2]);
    expect(flusher.pending).toBe(1);
    flusher.checkpoint(30_000);
    expect(checkpoints).toEqual([]);
    full = false;
    expect(flusher.flush(21_000)).toBe(2);
    expect(spooled.map((batch) => batch.ports)).toEqual([[1], [2]]);
    expect(spooled[1]?.metadata.covered_from).toBe(20_000);
    flusher.checkpoint(31_000);
    expect(checkpoints).toEqual([2]);
  });

  it("collects no more rows than it can write", () => {
    rows = Array.from({ length: 20_000 }, (_, i) => i);
    full = true;
    expect(() => flusher.flush(20_000)).toThrow(SpoolError);
    expect(rows).toHaveLength(12_000);
    full = false;
    expect(flusher.flush(20_500)).toBe(3);
    expect(spooled.flatMap((batch) => batch.ports)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  it("takes a checkpoint when something changed, but not more often than every five seconds", () => {
    flusher.flush(20_000);
    flusher.checkpoint(20_000);
    flusher.checkpoint(30_000);
    expect(checkpoints, "nothing changed").toEqual([1]);
    rows = [1];
    flusher.flush(31_000);
    flusher.checkpoint(31_000);
    rows = [2];
    flusher.flush(32_000);
    flusher.checkpoint(32_000);
    flusher.checkpoint(36_100);
    expect(checkpoints).toEqual([1, 2, 3]);
    rows = [3];
    flusher.flush(36_200);
    flusher.checkpoint(36_200, { force: true });
    expect(checkpoints).toEqual([1, 2, 3, 4]);
  });
});
