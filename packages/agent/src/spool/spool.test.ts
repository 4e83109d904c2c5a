import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SpoolError } from "./errors.ts";
import { Spool } from "./spool.ts";
import type { SpoolConfig } from "./types.ts";

let dir = "";
let opened: Spool[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-spool-"));
});
afterEach(() => {
  for (const spool of opened) spool.close();
  opened = [];
  rmSync(dir, { recursive: true, force: true });
});

const payload = (n: number, size = 100) => new Uint8Array(size).fill(n & 0xff);
const info = (rows = 1) => ({ rows, coveredFromMs: 1_000, coveredToMs: 2_000 });
function make(config: Partial<SpoolConfig> = {}): Spool {
  const spool = new Spool({ dir, maxBytes: 1 << 20, maxSegmentBytes: 1000, ...config });
  opened.push(spool);
  return spool;
}
function openSpool(config: Partial<SpoolConfig> = {}): Spool {
  const spool = make(config);
  spool.open();
  return spool;
}
const segmentFiles = () =>
  readdirSync(dir)
    .filter((name) => name.endsWith(".seg"))
    .sort()
    .map((name) => join(dir, name));
/** Takes and acknowledges everything. */
function drain(spool: Spool): { sequence: number; fill: number }[] {
  const taken = [];
  for (let batch = spool.next(); batch; batch = spool.next()) {
    expect(new Set(batch.bytes).size).toBeLessThanOrEqual(1);
    taken.push({ sequence: batch.sequence, fill: batch.bytes[0] ?? -1 });
    spool.acknowledge(batch.sequence);
  }
  return taken;
}
const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof SpoolError) return error.code;
    throw error;
  }
  return "nothing was thrown";
};
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

describe("a spool", () => {
  it("gives batches in order, the same one until it is acknowledged", () => {
    const spool = openSpool();
    for (let n = 1; n <= 20; n++) expect(spool.append(payload(n), info(n))).toBe(n);
    expect(spool.depth).toEqual({ batches: 20, bytes: 20 * 148 });
    expect(spool.next()).toEqual({ sequence: 1, bytes: payload(1), rows: 1 });
    expect(spool.next()?.sequence).toBe(1);
    spool.acknowledge(1);
    expect(spool.next()).toEqual({ sequence: 2, bytes: payload(2), rows: 2 });
    spool.acknowledge(7);
    expect(spool.next()?.sequence, "only what was given out can be acknowledged").toBe(2);
    expect(drain(spool).map((b) => b.sequence)).toEqual(Array.from({ length: 19 }, (_, i) => i + 2));
    expect(spool.depth).toEqual({ batches: 0, bytes: 0 });
    expect(spool.append(payload(21), info())).toBe(21);
    expect(spool.next()?.sequence).toBe(21);
    expect(spool.takeLosses()).toBeNull();
  });

  it("gives several that wait, over the ends of segments, within limits, and takes them off in order", () => {
    const spool = openSpool();
    for (let n = 1; n <= 20; n++) spool.append(payload(n), info());
    const few = (batches: number, bytes = 1e6) => spool.nextFew(batches, bytes).map((batch) => [batch.sequence, batch.bytes[0]]);
    const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => [from + i, from + i]);
    expect(few(16)).toEqual(upTo(1, 16));
    expect(few(16, 350), "the first one always, others while they fit").toEqual(upTo(1, 3));
    expect(few(16, 10)).toEqual(upTo(1, 1));
    expect(few(16)).toEqual(upTo(1, 16));
    spool.acknowledge(5);
    expect(spool.depth.batches).toBe(15);
    expect(few(3)).toEqual(upTo(6, 8));
    spool.acknowledge(12);
    expect(few(100), "what was not given out can't be acknowledged").toEqual(upTo(6, 20));
    spool.acknowledge(20);
    expect(few(2)).toEqual([]);
    spool.append(payload(21), info());
    expect(few(2)).toEqual(upTo(21, 21));
    expect(spool.depth).toEqual({ batches: 1, bytes: 148 });
  });

  it("goes on after a restart: epoch, numbers, what was acknowledged", () => {
    const first = make();
    expect(first.open()).toEqual({ batches: 0, bytes: 0, damage: [], checkpoint: "none", epoch: "new" });
    for (let n = 1; n <= 10; n++) first.append(payload(n), info());
    for (let n = 1; n <= 3; n++) first.acknowledge(first.next()?.sequence ?? 0);
    const { epoch } = first;
    expect(epoch).toMatch(/^[0-9a-f]{16}$/);
    first.close();

    const second = make();
    expect(second.open()).toMatchObject({ batches: 7, epoch: "kept", damage: [] });
    expect(second.epoch).toBe(epoch);
    expect(second.append(payload(11), info())).toBe(11);
    expect(drain(second).map((b) => b.sequence)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    second.close();
    const third = openSpool();
    expect(third.next()).toBeNull();
    expect(third.append(payload(12), info()), "numbers go on although all was taken").toBe(12);
  });

  it("keeps segments until they are both acknowledged and in a checkpoint, then removes all but the newest", () => {
    const spool = openSpool();
    for (let n = 1; n <= 30; n++) spool.append(payload(n), info());
    const all = segmentFiles().length;
    expect(all).toBeGreaterThan(4);
    drain(spool);
    expect(segmentFiles().length).toBe(all);
    spool.checkpoint(payload(1));
    expect(segmentFiles().length).toBe(1);
    expect(spool.append(payload(31), info())).toBe(31);
  });

  it("recovers the checkpoint and every batch after it, acknowledged or not", () => {
    const spool = openSpool();
    expect(spool.recover().checkpoint).toBeNull();
    for (let n = 1; n <= 5; n++) spool.append(payload(n), info());
    spool.checkpoint(Uint8Array.of(1, 2, 3));
    for (let n = 6; n <= 16; n++) spool.append(payload(n), info());
    drain(spool);
    spool.close();
    const again = make();
    expect(again.open()).toMatchObject({ checkpoint: "ok", batches: 0 });
    const { checkpoint, since } = again.recover();
    expect([...(checkpoint ?? [])]).toEqual([1, 2, 3]);
    expect([...since].map((bytes) => bytes[0])).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(again.next()).toBeNull();
  });

  it("lets the oldest batches go at its size limit, counts them and says which", () => {
    const spool = openSpool({ maxBytes: 4000, maxSegmentBytes: 1000 });
    for (let n = 1; n <= 100; n++) spool.append(payload(n), info(2));
    const total = segmentFiles().reduce((sum, path) => sum + statSync(path).size, 0);
    expect(total).toBeLessThanOrEqual(4000);
    const kept = drain(spool);
    expect(kept.at(-1)).toEqual({ sequence: 100, fill: 100 });
    const lost = 100 - kept.length;
    expect(lost).toBeGreaterThan(70);
    expect(spool.takeLosses()).toEqual({ batches: lost, rows: lost * 2, fromSequence: 1, toSequence: lost });
    expect(spool.takeLosses()).toBeNull();
    for (let n = 101; n <= 200; n++) {
      spool.append(payload(n), info());
      drain(spool);
    }
    expect(spool.takeLosses(), "what was taken is not lost when its segment goes").toBeNull();
    expect(codeOf(() => spool.append(payload(1, 5000), info()))).toBe("SPOOL_BATCH_TOO_LARGE");
  });

  it("goes on when the batch that is being sent is dropped meanwhile", () => {
    const spool = openSpool({ maxBytes: 4000, maxSegmentBytes: 1000 });
    for (let n = 1; n <= 3; n++) spool.append(payload(n), info());
    expect(spool.nextFew(3, 1e6).map((batch) => batch.sequence)).toEqual([1, 2, 3]);
    for (let n = 4; n <= 60; n++) spool.append(payload(n), info());
    for (let n = 1; n <= 3; n++) spool.acknowledge(n);
    const kept = drain(spool);
    expect(kept.at(-1)?.sequence).toBe(60);
    expect(spool.depth).toEqual({ batches: 0, bytes: 0 });
  });

  it("sets aside what the server refuses, within bounds, with the reason beside it", () => {
    const spool = openSpool({ maxBytes: 8 * 1000, maxSegmentBytes: 1000 });
    for (let n = 1; n <= 12; n++) {
      spool.append(payload(n, 300), info());
      const batch = spool.next();
      spool.setAside(batch?.sequence ?? 0, `HTTP 400: no Arrow (${n})`);
    }
    expect(spool.next()).toBeNull();
    expect(spool.stats.setAside).toBe(12);
    const names = readdirSync(join(dir, "aside")).sort();
    expect(names).toContain("0000000000000012.arrow");
    expect(names).not.toContain("0000000000000001.arrow");
    expect(readFileSync(join(dir, "aside", "0000000000000012.reason.txt"), "utf8")).toBe("HTTP 400: no Arrow (12)\n");
    expect([...readFileSync(join(dir, "aside", "0000000000000012.arrow"))]).toEqual([...payload(12, 300)]);
    const total = names.reduce((sum, name) => sum + statSync(join(dir, "aside", name)).size, 0);
    expect(total).toBeLessThanOrEqual(1100);
  });
});

describe("a damaged spool", () => {
  it("cuts off a batch that was being written, and uses its number again", () => {
    const first = openSpool();
    for (let n = 1; n <= 3; n++) first.append(payload(n), info());
    first.close();
    const [path = ""] = segmentFiles();
    truncateSync(path, statSync(path).size - 30);
    const again = make();
    expect(again.open()).toMatchObject({ batches: 2, damage: [{ path, tornTail: true, bytes: 118 }] });
    expect(again.append(payload(33), info())).toBe(3);
    expect(drain(again)).toEqual([
      { sequence: 1, fill: 1 },
      { sequence: 2, fill: 2 },
      { sequence: 3, fill: 33 },
    ]);
    again.close();
    expect(make().open().damage, "reported once").toEqual([]);
  });

  it.each([
    ["payload", 48 + 20],
    ["header", 17],
    ["magic", 0],
  ])("skips a record with a flipped bit in its %s, counts it and reads on", (_what, at) => {
    const first = openSpool();
    for (let n = 1; n <= 5; n++) first.append(payload(n), info(3));
    first.close();
    flip(segmentFiles()[0] ?? "", 148 + at);
    const again = openSpool();
    expect(drain(again).map((b) => b.sequence)).toEqual([1, 3, 4, 5]);
    expect(again.takeLosses()).toMatchObject({ batches: 1, fromSequence: 2, toSequence: 2 });
    expect(again.stats.damaged).toBe(1);
    expect(again.depth).toEqual({ batches: 0, bytes: 0 });
  });

  it("gives several up to a damaged one, and those behind it the next time", () => {
    const first = openSpool();
    for (let n = 1; n <= 6; n++) first.append(payload(n), info());
    first.close();
    flip(segmentFiles()[0] ?? "", 2 * 148 + 60);
    const again = openSpool();
    expect(again.nextFew(9, 1e6).map((batch) => batch.sequence)).toEqual([1, 2]);
    again.acknowledge(2);
    expect(again.nextFew(9, 1e6).map((batch) => batch.sequence)).toEqual([4, 5, 6]);
    expect(again.takeLosses()).toEqual({ batches: 1, rows: 1, fromSequence: 3, toSequence: 3 });
  });

  it("does not give the number of a damaged last record to another batch", () => {
    const first = openSpool();
    for (let n = 1; n <= 3; n++) first.append(payload(n), info());
    first.close();
    flip(segmentFiles()[0] ?? "", 2 * 148 + 9);
    const again = openSpool();
    expect(again.append(payload(4), info())).toBe(4);
    expect(drain(again).map((b) => b.sequence)).toEqual([1, 2, 4]);
    expect(again.takeLosses()).toMatchObject({ batches: 1, fromSequence: 3, toSequence: 3 });
  });

  it("survives one damaged slot of the cursor, and takes a new epoch if both are", () => {
    const first = openSpool();
    for (let n = 1; n <= 6; n++) first.append(payload(n), info());
    for (let n = 1; n <= 4; n++) first.acknowledge(first.next()?.sequence ?? 0);
    const { epoch } = first;
    first.close();
    flip(join(dir, "cursor"), 20);
    const second = make();
    expect(second.open().epoch).toBe("kept");
    expect(second.next()?.sequence).toBeGreaterThanOrEqual(4);
    expect(second.next()?.sequence).toBeLessThanOrEqual(5);
    second.close();
    rmSync(join(dir, "cursor"));
    const third = make();
    expect(third.open().epoch).toBe("replaced");
    expect(third.epoch).not.toBe(epoch);
    expect(drain(third).map((b) => b.sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(third.append(payload(7), info())).toBe(7);
  });

  it("does without a damaged checkpoint, and says so", () => {
    const first = openSpool();
    first.append(payload(1), info());
    first.checkpoint(payload(9));
    first.append(payload(2), info());
    first.close();
    flip(join(dir, "checkpoint"), 40);
    const again = make();
    expect(again.open().checkpoint).toBe("damaged");
    const { checkpoint, since } = again.recover();
    expect(checkpoint).toBeNull();
    expect([...since].map((bytes) => bytes[0])).toEqual([1, 2]);
  });
});

describe("a spool's directory", () => {
  it("is used by one spool at a time", () => {
    const first = openSpool();
    const second = make();
    expect(codeOf(() => second.open())).toBe("SPOOL_LOCKED");
    expect(codeOf(() => second.append(payload(1), info()))).toBe("SPOOL_CLOSED");
    first.append(payload(1), info());
    first.close();
    second.open();
    expect(second.next()?.sequence).toBe(1);
  });

  it("is made if it is missing, and refused if it is a file or below one", () => {
    const nested = openSpool({ dir: join(dir, "a", "b") });
    expect(statSync(join(dir, "a", "b")).mode & 0o777).toBe(0o700);
    nested.append(payload(1), info());
    writeFileSync(join(dir, "file"), "");
    expect(codeOf(() => make({ dir: join(dir, "file") }).open())).toBe("SPOOL_UNWRITABLE");
    expect(codeOf(() => make({ dir: join(dir, "file", "x") }).open())).toBe("SPOOL_UNWRITABLE");
    expect(
      codeOf(() => make({ dir: "/proc/flowtrail/spool" }).open()),
      "a parent that takes no children",
    ).toBe("SPOOL_UNWRITABLE");
    mkdirSync(join(dir, "c", "cursor"), { recursive: true });
    expect(codeOf(() => make({ dir: join(dir, "c") }).open())).toBe("SPOOL_IO");
  });
});
