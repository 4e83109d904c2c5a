import type { FlowJson } from "@flowtrail/model";
import { beforeEach, describe, expect, it } from "vitest";
import type { FlowPage } from "../../../lib/api-types.ts";
import { ApiError } from "../../../lib/errors.ts";
import type { LiveHandlers } from "../live/follow.ts";
import { EXAMPLE_MS, exampleFlow } from "../testing.ts";
import { FlowFeed, MOST_ROWS } from "./flow-feed.ts";
import { MOST_WAITING } from "./live-rows.ts";
import { type FlowQuestion, NEWEST_FIRST } from "./question.ts";

const row = (id: number, change: Partial<FlowJson> = {}) =>
  exampleFlow({ flow_id: String(id), start: new Date(EXAMPLE_MS + id * 1000).toISOString(), ...change });
const page = (flows: FlowJson[], next: string | null = null, prev: string | null = null): FlowPage => ({
  flows,
  next,
  prev,
  note: null,
  meta: { table: "flows", rows_read: flows.length, elapsed_ms: 1, partial: false },
});
const asking = (from: string, change: Partial<FlowQuestion> = {}): FlowQuestion => ({
  ...NEWEST_FIRST,
  window: { from, to: "now" },
  reports: "merged",
  flows: new URLSearchParams("reports=merged"),
  ...change,
});

/** The feed with everything around it in the test's hand: answers, live rows, frames. */
class Bench {
  asked: { params: URLSearchParams; answer(page: FlowPage): Promise<void>; fail(error: Error): Promise<void> }[] = [];
  live: LiveHandlers | null = null;
  followed: string[] = [];
  watched: (readonly string[])[] = [];
  frames: (() => void)[] = [];
  retries: (() => void)[] = [];
  nowMs = EXAMPLE_MS;

  readonly feed = new FlowFeed({
    fetchFlows: (params) =>
      new Promise((resolve, reject) => {
        const settled = async (settle: () => void) => {
          settle();
          await new Promise((done) => setTimeout(done));
        };
        this.asked.push({
          params,
          answer: (page) => settled(() => resolve(page)),
          fail: (error) => settled(() => reject(error)),
        });
      }),
    followLive: (params, handlers) => {
      this.followed.push(params.toString());
      this.live = handlers;
      handlers.onState("connecting");
      const stop = () => {
        this.live = null;
      };
      return { stop, watch: (keys) => void this.watched.push(keys) };
    },
    onFrame: (work) => void this.frames.push(work),
    later: (work) => {
      this.retries.push(work);
      return () => {
        this.retries = this.retries.filter((other) => other !== work);
      };
    },
    now: () => this.nowMs,
  });

  frame(): void {
    const due = this.frames;
    this.frames = [];
    for (const work of due) work();
  }

  /** Rows come in live and a frame is painted. */
  receive(...rows: FlowJson[]): void {
    this.live?.onRows(rows, rows.length);
    this.frame();
  }

  async answer(flows: FlowJson[], next: string | null = null, prev: string | null = null): Promise<void> {
    await this.asked.at(-1)?.answer(page(flows, next, prev));
    this.frame();
  }

  get ids(): number[] {
    return this.feed.state().entries.map(({ flow }) => Number(flow.flow_id));
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe("pages", () => {
  it("shows the first page, and asks on with its cursor", async () => {
    bench.feed.ask(asking("-1h"));
    expect(bench.feed.state().phase).toBe("loading");
    await bench.answer([row(9), row(8)], "cursor-1");
    expect(bench.feed.state()).toMatchObject({ phase: "ready", more: "yes" });
    void bench.feed.loadOlder();
    void bench.feed.loadOlder();
    expect(bench.asked).toHaveLength(2);
    expect(bench.asked[1]?.params.get("cursor")).toBe("cursor-1");
    await bench.answer([row(7)]);
    expect(bench.ids).toEqual([9, 8, 7]);
    expect(bench.feed.state().more).toBe("none");
  });

  it("goes on both ways from a time in the middle", async () => {
    bench.feed.ask(asking("-1h", { at: "2026-11-22T09:51:05.000Z" }));
    expect(bench.asked[0]?.params.get("at")).toBe("2026-11-22T09:51:05.000Z");
    await bench.answer([row(5), row(4)], "older", "newer");
    expect(bench.feed.state()).toMatchObject({ before: "yes", more: "yes" });
    void bench.feed.loadNewer();
    expect(bench.asked.at(-1)?.params.get("cursor")).toBe("newer");
    await bench.answer([row(7), row(6)], "again", null);
    expect(bench.ids).toEqual([7, 6, 5, 4]);
    expect(bench.feed.state()).toMatchObject({ before: "none", more: "yes" });
    // New rows would stand above what is not there: they wait until the list is asked for from its beginning.
    bench.feed.resume();
    expect(bench.feed.state().phase).toBe("ready");
  });

  it("forgets rows that are far away, and asks for them again", async () => {
    bench.feed.ask(asking("-1h"));
    const pageAt = (number: number) => Array.from({ length: 1000 }, (_, i) => row(100_000 - number * 1000 - i));
    await bench.answer(pageAt(0), "after-0");
    for (const number of [1, 2, 3]) {
      void bench.feed.loadOlder();
      await bench.answer(pageAt(number), `after-${number}`, `before-${number}`);
    }
    expect(bench.ids).toHaveLength(MOST_ROWS);
    expect([bench.ids[0], bench.ids.at(-1)]).toEqual([99_000, 96_001]);
    expect(bench.feed.state().before).toBe("yes");
    void bench.feed.loadNewer();
    expect(bench.asked.at(-1)?.params.get("cursor")).toBe("before-1");
    await bench.answer(pageAt(0), "after-0", null);
    expect([bench.ids[0], bench.ids.at(-1)]).toEqual([100_000, 97_001]);
    expect(bench.feed.state()).toMatchObject({ before: "none", more: "yes" });
    void bench.feed.loadOlder();
    expect(bench.asked.at(-1)?.params.get("cursor")).toBe("after-2");
  });

  it("keeps the rows of the question before until the next answer is there", async () => {
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(1)]);
    bench.feed.ask(asking("-1h", { flows: new URLSearchParams("reports=merged&q=answered") }));
    expect(bench.feed.state().phase).toBe("refreshing");
    expect(bench.ids).toEqual([1]);
    await bench.answer([row(2)]);
    expect(bench.ids).toEqual([2]);
  });

  it("shows, asks and follows nothing while what is asked has a mistake", async () => {
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(1)]);
    bench.feed.rest();
    bench.feed.refresh();
    expect(bench.feed.state()).toMatchObject({ entries: [], error: null, live: "off" });
    expect([bench.asked.length, bench.live]).toEqual([1, null]);
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(2)]);
    expect(bench.ids).toEqual([2]);
  });

  it("ignores the answer to a question that nobody asks any more", async () => {
    bench.feed.ask(asking("-1h"));
    bench.feed.ask(asking("-5m"));
    await bench.answer([row(2)]);
    await bench.asked[0]?.answer(page([row(1)]));
    expect(bench.ids).toEqual([2]);
  });

  it("keeps old rows when the server is away, says so, and asks again by itself", async () => {
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(1)]);
    bench.feed.refresh();
    await bench.asked.at(-1)?.fail(new ApiError({ code: "UNREACHABLE", path: "/api/flows" }, "The server does not answer."));
    expect(bench.feed.state()).toMatchObject({ phase: "failed", error: { code: "UNREACHABLE" } });
    expect(bench.ids).toEqual([1]);
    bench.retries[0]?.();
    await bench.answer([row(2), row(1)]);
    expect(bench.feed.state()).toMatchObject({ phase: "ready", error: null });
    expect(bench.ids).toEqual([2, 1]);
  });

  it.each([
    [422, 0],
    [500, 0],
    [429, 1],
    [503, 1],
  ])("after a refusal with status %i asks again by itself %i times", async (status, retries) => {
    bench.feed.ask(asking("-1h"));
    const refused = { code: "REFUSED", path: "/api/flows", status, reason: "STORE_…" } as const;
    await bench.asked[0]?.fail(new ApiError(refused, "not now"));
    expect(bench.feed.state().phase).toBe("failed");
    expect(bench.retries).toHaveLength(retries);
  });

  it("can try older rows again after a failure", async () => {
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(9)], "cursor-1");
    void bench.feed.loadOlder();
    await bench.asked.at(-1)?.fail(new ApiError({ code: "UNREACHABLE", path: "/api/flows" }, "away"));
    expect(bench.feed.state()).toMatchObject({ phase: "ready", more: "failed" });
    void bench.feed.loadOlder();
    await bench.answer([row(8)]);
    expect(bench.ids).toEqual([9, 8]);
  });
});

describe("live rows", () => {
  beforeEach(async () => {
    bench.feed.ask(asking("-1h", { flows: new URLSearchParams("reports=merged&q=tcp") }));
    await bench.answer([row(5, { state: "open", end: null }), row(4)]);
    bench.live?.onState("on");
  });

  it("are followed with the same filters", () => {
    expect(bench.followed).toEqual(["reports=merged&q=tcp"]);
  });

  it("come on top, once per frame however many there are", () => {
    let renders = 0;
    bench.feed.subscribe(() => renders++);
    for (let id = 10; id < 110; id++) bench.live?.onRows([row(id)], 1);
    expect(renders).toBe(0);
    bench.frame();
    expect(renders).toBe(1);
    expect(bench.ids.slice(0, 2)).toEqual([109, 108]);
  });

  it("move the counters of an open flow in place", () => {
    bench.receive(row(5, { state: "open", end: null, revision: 1, src_bytes: 999 }));
    expect(bench.feed.state().entries[0]?.flow.src_bytes).toBe(999);
    expect(bench.ids).toEqual([5, 4]);
  });

  it("wait while one reads further down, but open flows go on counting", () => {
    bench.feed.setReading(true);
    bench.receive(row(6), row(7), row(7, { revision: 1 }), row(5, { revision: 1, src_bytes: 999 }));
    expect(bench.ids).toEqual([5, 4]);
    expect(bench.feed.state()).toMatchObject({ held: 2, entries: [{ flow: { src_bytes: 999 } }, {}] });
    bench.feed.setReading(false);
    expect(bench.ids).toEqual([7, 6, 5, 4]);
    expect(bench.feed.state().held).toBe(0);
  });

  it("all wait while it is paused, also when one scrolls up", () => {
    bench.feed.pause();
    bench.receive(row(6), row(5, { revision: 1, src_bytes: 999 }));
    bench.feed.setReading(false);
    expect(bench.feed.state()).toMatchObject({ held: 1, entries: [{ flow: { src_bytes: 60 } }, {}] });
    bench.feed.resume();
    expect(bench.ids).toEqual([6, 5, 4]);
    expect(bench.feed.state().entries[1]?.flow.src_bytes).toBe(999);
  });

  it("leave the list when the window has gone on, but those that are open; not while one reads", async () => {
    const end = new Date(EXAMPLE_MS + 100_000).toISOString();
    bench.receive(row(100, { end, last_seen: end }));
    bench.nowMs = EXAMPLE_MS + 3_600_000 + 50_000;
    bench.feed.setReading(true);
    bench.feed.dropGone();
    expect(bench.ids).toEqual([100, 5, 4]);
    bench.feed.setReading(false);
    bench.feed.dropGone();
    expect(bench.ids).toEqual([100, 5]);
    bench.feed.ask(asking("-1h", { order: "asc" }));
    await bench.answer([row(1)]);
    bench.feed.dropGone();
    expect(bench.ids).toEqual([1]);
  });

  it("push the oldest rows out beyond a limit; those can be asked for again by time", () => {
    bench.receive(...Array.from({ length: MOST_WAITING }, (_, i) => row(100 + i)));
    bench.receive(...Array.from({ length: MOST_ROWS - MOST_WAITING - 1 }, (_, i) => row(5000 + i)));
    expect(bench.ids).toHaveLength(MOST_ROWS);
    expect(bench.ids.at(-1)).toBe(5);
    expect(bench.feed.state().more).toBe("yes");
    void bench.feed.loadOlder();
    const { params } = bench.asked.at(-1) ?? {};
    expect(params?.get("cursor")).toBeNull();
    expect(params?.get("at")).toBe(new Date(EXAMPLE_MS + 5000).toISOString());
  });

  it("are not collected without end in a page that gets no frames: the list is asked for again", async () => {
    for (let id = 0; id <= MOST_WAITING; id++) bench.live?.onRows([row(100 + id)], 1);
    bench.frame();
    expect(bench.asked).toHaveLength(2);
    await bench.answer([row(9999)]);
    expect(bench.ids).toEqual([9999]);
  });

  it("are not shown before the page that they belong to", () => {
    bench.feed.ask(asking("-1h"));
    bench.receive(row(6));
    expect(bench.ids).toEqual([5, 4]);
  });

  it("that were missed while the connection was broken are asked for", async () => {
    bench.live?.onState("broken");
    expect(bench.feed.state().live).toBe("broken");
    bench.live?.onState("on");
    expect(bench.asked).toHaveLength(2);
    await bench.answer([row(7), row(5), row(4)]);
    expect(bench.ids).toEqual([7, 5, 4]);
  });

  it("that are too many to join what is there replace it, so that no hole is hidden", async () => {
    bench.live?.onState("broken");
    bench.live?.onState("on");
    await bench.answer([row(70), row(69)], "cursor-2");
    expect(bench.ids).toEqual([70, 69]);
    expect(bench.feed.state().more).toBe("yes");
  });

  it("that may not be followed: asking for rows tells why", async () => {
    bench.live?.onState("broken");
    bench.live?.onRefused();
    await bench.asked.at(-1)?.fail(new ApiError({ code: "SIGN_IN", path: "/api/flows" }, "You are not signed in."));
    expect(bench.feed.state()).toMatchObject({ phase: "failed", error: { code: "SIGN_IN" } });
  });

  it("that were left out are counted, and it is said of how many one is shown", () => {
    bench.live?.onRows([row(6), row(7)], 20);
    expect(bench.feed.state()).toMatchObject({ dropped: 18, sampled: 10 });
    bench.live?.onRows([row(8)], 1);
    expect(bench.feed.state()).toMatchObject({ dropped: 18, sampled: 1 });
  });

  it("of open flows on the page are never left out: they are named", async () => {
    bench.feed.refresh();
    await bench.answer([row(9, { state: "open", end: null }), row(8)]);
    expect(bench.watched.at(-1)).toEqual(["debian/9"]);
  });

  it("have no place in a list of another order, but counters of open flows move", async () => {
    expect(bench.feed.state().takesNew).toBe(true);
    bench.feed.ask(asking("-1h", { sort: "bytes" }));
    expect(bench.feed.state().takesNew).toBe(false);
    await bench.answer([row(1, { state: "open" }), row(9)]);
    bench.receive(row(20), row(1, { revision: 3, src_bytes: 777 }));
    expect(bench.ids).toEqual([1, 9]);
    expect(bench.feed.state()).toMatchObject({ held: 0, entries: [{ flow: { src_bytes: 777 } }, {}] });
  });

  it("are all there is after the table was cleared", () => {
    bench.feed.clear();
    expect(bench.ids).toEqual([]);
    bench.receive(row(6));
    expect(bench.ids).toEqual([6]);
  });

  it("older than the oldest row shown come with their page", async () => {
    bench.feed.ask(asking("-1h"));
    await bench.answer([row(50), row(40)], "cursor-1");
    bench.receive(row(3), row(60));
    expect(bench.ids).toEqual([60, 50, 40]);
  });

  it("are not followed where the window ended in the past", () => {
    bench.feed.ask(asking("-1h", { window: { from: "2026-11-22T08:00:00Z", to: "2026-11-22T09:00:00Z" } }));
    expect(bench.live).toBeNull();
    expect(bench.feed.state().live).toBe("off");
  });

  it("end when the feed stops", () => {
    bench.feed.stop();
    expect(bench.live).toBeNull();
  });
});
