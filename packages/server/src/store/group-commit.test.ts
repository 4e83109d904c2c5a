import { afterEach, describe, expect, it } from "vitest";
import { StoreError } from "./errors.ts";
import { GroupCommit, type GroupCommitConfig } from "./group-commit.ts";
import { memoryLogger } from "./testing.ts";

interface Item {
  readonly name: string;
  readonly rows: number;
}
const item = (name: string, rows = 1): Item => ({ name, rows });

/** A write that ends when the test says so. */
class Writes {
  readonly groups: string[][] = [];
  readonly #open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #started: (() => void)[] = [];

  readonly write = (items: readonly Item[]): Promise<void> => {
    this.groups.push(items.map(({ name }) => name));
    for (const started of this.#started.splice(0)) started();
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  };
  async started(count: number): Promise<void> {
    while (this.groups.length < count) await new Promise<void>((resolve) => this.#started.push(resolve));
  }
  finish(): void {
    this.#open.shift()?.resolve();
  }
  fail(error: Error): void {
    this.#open.shift()?.reject(error);
  }
}

const busy = new StoreError({ code: "STORE_BUSY", retryAfterMs: 1, clickhouse: 252 }, "busy");
const refused = new StoreError({ code: "STORE_QUERY", clickhouse: 6, type: "X" }, "refused");

describe("group commit", () => {
  const never = 1e8;
  let commit: GroupCommit<Item> | null = null;
  const start = (writes: Writes, config: Partial<GroupCommitConfig> = {}) => {
    commit = new GroupCommit<Item>(
      { maxRows: 10, intervalMs: 1, idleWaitMs: 1, maxWaitingRows: 100, maxParallel: 1, ...config },
      { write: writes.write, rowsOf: ({ rows }) => rows, logger: memoryLogger() },
    );
    return commit;
  };
  afterEach(() => {
    commit = null;
  });

  it("writes what came together in one go, and collects while it writes", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes));
    const first = [submit(item("a")), submit(item("b"))];
    await writes.started(1);
    const second = [submit(item("c")), submit(item("d"))];
    writes.finish();
    await Promise.all(first);
    await writes.started(2);
    writes.finish();
    await Promise.all(second);
    expect(writes.groups).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("does not wait for company when there is enough, and starts a second write beside a full one", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes, { idleWaitMs: never, intervalMs: never, maxParallel: 2 }));
    const all = [submit(item("a", 6)), submit(item("b", 4)), submit(item("c", 10)), submit(item("d", 10))];
    await writes.started(2);
    expect(writes.groups).toEqual([["a", "b"], ["c"]]);
    for (let i = 0; i < 3; i++) {
      await writes.started(Math.min(i + 2, 3));
      writes.finish();
    }
    await Promise.all(all);
    expect(writes.groups).toEqual([["a", "b"], ["c"], ["d"]]);
  });

  it("has no more rows under way than two full writes, and one larger submission on its own", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes, { idleWaitMs: never, intervalMs: never, maxParallel: 2 }));
    const all = [submit(item("a", 15)), submit(item("b", 15)), submit(item("c", 30)), submit(item("d", 10))];
    await writes.started(1);
    expect(writes.groups).toEqual([["a"]]);
    for (const [place, name] of ["b", "c", "d"].entries()) {
      writes.finish();
      await writes.started(place + 2);
      expect(writes.groups.at(-1)).toEqual([name]);
      expect(writes.groups).toHaveLength(place + 2);
    }
    writes.finish();
    await Promise.all(all);
  });

  it("makes the next write of what comes while one is under way, unless it is worth one of its own or has waited for long", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes, { maxRows: 100, intervalMs: 50, maxParallel: 2 }));
    const all = [submit(item("a"))];
    await writes.started(1);
    all.push(submit(item("b")));
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(writes.groups).toEqual([["a"]]);
    all.push(submit(item("c", 25)));
    await writes.started(2);
    expect(writes.groups).toEqual([["a"], ["b", "c"]]);
    writes.finish();
    writes.finish();
    await Promise.all(all);
    const hanging = submit(item("d"));
    await writes.started(3);
    const small = submit(item("e"));
    await writes.started(4);
    expect(writes.groups.slice(2)).toEqual([["d"], ["e"]]);
    writes.finish();
    writes.finish();
    await Promise.all([hanging, small]);
  });

  it("refuses more than it may keep, with a time to come back, and takes again when there is room", async () => {
    const writes = new Writes();
    const commit = start(writes, { maxWaitingRows: 20 });
    const first = commit.submit(item("a", 15));
    await expect(commit.submit(item("b", 6))).rejects.toMatchObject({
      data: { code: "STORE_OVERLOADED", waitingRows: 15, retryAfterMs: expect.any(Number) },
    });
    const second = commit.submit(item("c", 5));
    await writes.started(1);
    writes.finish();
    await first;
    const third = commit.submit(item("d", 15));
    await writes.started(2);
    writes.finish();
    await second;
    await writes.started(3);
    writes.finish();
    await third;
    expect(commit.stats).toMatchObject({ waitingRows: 0, overloaded: 1, writes: 3, rows: 35 });
  });

  it("takes one that is larger than everything when nothing else waits", async () => {
    const writes = new Writes();
    const commit = start(writes, { maxWaitingRows: 20 });
    const large = commit.submit(item("large", 50));
    await writes.started(1);
    writes.finish();
    await large;
  });

  it("fails a whole group when the store is away, without trying each alone", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes));
    const all = Promise.allSettled([submit(item("a")), submit(item("b"))]);
    await writes.started(1);
    writes.fail(busy);
    expect((await all).map((result) => result.status === "rejected" && result.reason)).toEqual([busy, busy]);
    expect(writes.groups).toHaveLength(1);
  });

  it("fails only the one that is refused", async () => {
    const writes = new Writes();
    const { submit } = bound(start(writes));
    const all = Promise.allSettled([submit(item("a")), submit(item("bad")), submit(item("c"))]);
    await writes.started(1);
    writes.fail(refused);
    await writes.started(2);
    writes.finish();
    await writes.started(3);
    writes.fail(refused);
    await writes.started(4);
    writes.finish();
    expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(writes.groups).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
  });

  it("writes what waits before it stops, and takes nothing more", async () => {
    const writes = new Writes();
    const commit = start(writes, { idleWaitMs: never });
    const waiting = commit.submit(item("a"));
    const stopped = commit.stop();
    await expect(commit.submit(item("b"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await writes.started(1);
    writes.finish();
    await waiting;
    await stopped;
  });
});

function bound(commit: GroupCommit<Item>): { submit: (item: Item) => Promise<void> } {
  return { submit: (given) => commit.submit(given) };
}
