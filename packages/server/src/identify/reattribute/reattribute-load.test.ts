/** What was asked for is not forgotten, however slowly the store says what else there is. The store's answers are made up: their order is what matters. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Job, NO_PROGRESS } from "./job.ts";
import { Reattribute } from "./reattribute.ts";

class Log {
  readonly stored = new Map<string, Job>();
  asked = 0;
  answer: Promise<void> = Promise.resolve();

  async write(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) this.stored.set(job.id, job);
  }
  async open(limit: number): Promise<Job[]> {
    this.asked++;
    const jobs = [...this.stored.values()].filter(({ state }) => state === "waiting" || state === "running");
    await this.answer;
    return jobs.sort((a, b) => a.dueMs - b.dueMs).slice(0, limit);
  }
  async over(ids: readonly string[]): Promise<string[]> {
    return ids.filter((id) => this.stored.get(id)?.state === "done");
  }
  states(): string[] {
    return [...new Set([...this.stored.values()].map(({ state }) => state))];
  }
}

describe("elections that were asked for", () => {
  const log = new Log();
  let jobs: Reattribute;
  let reading: Promise<void>[] = [];
  let pages = 0;
  const begin = (shared: boolean) => {
    const nothing = {
      editions: {
        page: async () => {
          pages++;
          await reading.shift();
          return { flows: [], next: null };
        },
      },
      identify: {},
      inventory: {},
      roster: {},
      lingerMs: 0,
    } as unknown as ConstructorParameters<typeof Reattribute>[1];
    const logger = { info: () => undefined, warn: () => undefined };
    jobs = new Reattribute({ shared }, { ...nothing, now: Date.now, logger, log: log as never });
    jobs.start();
  };
  afterEach(async () => {
    await jobs.stop();
    log.stored.clear();
    log.asked = 0;
    reading = [];
    pages = 0;
    log.answer = Promise.resolve();
  });
  const wish = (dueMs: number) => ({ reporterId: "a", fromMs: 0, toMs: null, dueMs, isProvisional: false });

  it.each([true, false])("while it is read what earlier runs left are done (several servers: %s)", async (shared) => {
    let go = () => {};
    log.answer = new Promise((resolve) => {
      go = resolve;
    });
    begin(shared);
    await expect.poll(() => log.asked, { timeout: 20_000 }).toBe(1);
    const ids = await jobs.elect([wish(Date.now() + 3000)]);
    go();
    await sleep(100);
    expect(await jobs.areDone(ids, 0)).toBe(false);
    await expect.poll(() => log.states(), { timeout: 20_000 }).toEqual(["done"]);
    await expect.poll(() => jobs.areDone(ids, 0), { timeout: 20_000 }).toBe(true);
  });

  it("are all done, also if they are more than are read at once", async () => {
    const nowMs = Date.now();
    for (let i = 0; i < 1500; i++) {
      const task = { kind: "election", reporterId: `r${i}`, fromMs: 0, toMs: null, isProvisional: false } as const;
      const times = { requestedMs: nowMs, changedMs: nowMs, dueMs: nowMs + i };
      log.stored.set(`${i}`, {
        id: `${i}`,
        task,
        state: "waiting",
        who: "",
        ...times,
        server: "",
        progress: NO_PROGRESS,
        error: "",
      });
    }
    begin(false);
    await expect.poll(() => log.states(), { timeout: 60_000 }).toEqual(["done"]);
  });

  it("before an upload is taken are not held up by another one, and hold up those of the same reporter", async () => {
    let go = () => {};
    reading = [
      new Promise((resolve) => {
        go = resolve;
      }),
    ];
    begin(false);
    const [month = ""] = await jobs.elect([wish(Date.now())]);
    await expect.poll(() => log.stored.get(month)?.state, { timeout: 20_000 }).toBe("running");
    const ids = await jobs.elect([{ ...wish(Date.now()), isProvisional: true, reporterId: "b" }]);
    expect(await jobs.areDone(ids, 20_000)).toBe(true);
    expect(await jobs.areDone([month], 0)).toBe(false);
    go();
    expect(await jobs.areDone([month], 20_000)).toBe(true);
    const both = await jobs.elect([
      { ...wish(Date.now()), reporterId: "c" },
      { ...wish(Date.now()), reporterId: "c", isProvisional: true },
    ]);
    expect(await jobs.areDone(both, 20_000)).toBe(true);
    const done = both.map((id) => log.stored.get(id)?.changedMs ?? 0);
    expect(done[1]).toBeLessThanOrEqual(done[0] ?? 0);
  });

  it("of many agents that begin at once are one walk over what is stored, and of a month one of its own", async () => {
    begin(false);
    const nowMs = Date.now();
    const recent = Array.from({ length: 200 }, (_, n) => ({
      ...wish(nowMs + 1000),
      reporterId: `r${n}`,
      fromMs: nowMs - 60_000 - n,
    }));
    const month = { ...wish(nowMs + 1000), reporterId: "m", fromMs: nowMs - 30 * 86_400_000 };
    const ids = await jobs.elect([...recent, month]);
    await expect.poll(() => jobs.areDone(ids, 1000), { timeout: 20_000 }).toBe(true);
    // Of both tables, twice.
    expect(pages).toBe(4);
  });

  it("of one reporter in one call all widen the one that waits, and none takes the place of another", async () => {
    begin(false);
    const dueMs = Date.now() + 3_600_000;
    const of = (fromMs: number, toMs: number) => ({ ...wish(dueMs), fromMs, toMs });
    const [first = ""] = await jobs.elect([of(100_000, 200_000)]);
    await jobs.elect([of(200_000, 900_000), of(50_000, 120_000)]);
    expect([...log.stored.values()].map(({ id, task }) => ({ id, task }))).toMatchObject([
      { id: first, task: { fromMs: 50_000, toMs: 900_000 } },
    ]);
  });

  it("are over when another server has done them", async () => {
    begin(true);
    const [id = ""] = await jobs.elect([wish(Date.now() + 3_600_000)]);
    log.stored.set(id, { ...(log.stored.get(id) as Job), state: "done" });
    expect(await jobs.areDone([id], 20_000)).toBe(true);
  });
});
