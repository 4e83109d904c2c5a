import { type Finding, parseFilter } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf } from "./announce.ts";
import { keyOf, MOST_ALERTS, step, type Tracked } from "./lifecycle.ts";
import { measureWatcher } from "./measure/watcher.ts";
import { replay, strideOf, windowEnds } from "./replay.ts";
import { checkRulesYaml } from "./rules-yaml.ts";
import { measureWatch, testRule } from "./testing.ts";
import { type GroupsQuestion, Watchers, type WatchTools } from "./watcher.ts";

const finding = (group: string, value = 10): Finding => ({
  labels: { group },
  value,
  limit: 5,
  summary: `${group} ${value}`,
  q: "",
  fromMs: 0,
  toMs: 0,
});
const none: ReadonlyMap<string, Tracked> = new Map();
const groups = (all: readonly Tracked[]) => all.map(({ labels }) => labels.group ?? "");

describe("the life of an alert", () => {
  it("begins when it held for long enough, and is over when it was gone for long enough", () => {
    const times = { for_s: 60, clear_s: 30 };
    const a = step(none, [finding("a")], 0, times);
    expect(a.opened).toEqual([]);
    const b = step(a.tracked, [finding("a", 30)], 60_000, times);
    expect(b.opened).toMatchObject([{ sinceMs: 0, openedMs: 60_000, finding: { value: 30 } }]);
    const c = step(b.tracked, [], 80_000, times);
    expect([c.resolved, c.tracked.size]).toEqual([[], 1]);
    const d = step(c.tracked, [finding("a", 7)], 85_000, times);
    // It tells the worst that was seen.
    expect([d.opened, [...d.tracked.values()]]).toMatchObject([[], [{ lastMs: 85_000, finding: { value: 30 } }]]);
    expect(step(d.tracked, [], 114_999, times).resolved).toEqual([]);
    expect(step(d.tracked, [], 115_000, times).resolved).toMatchObject([{ sinceMs: 0, lastMs: 85_000, endedMs: 115_000 }]);
  });

  it("does not begin for what did not hold all the time", () => {
    const times = { for_s: 60, clear_s: 300 };
    const gone = step(step(none, [finding("a")], 0, times).tracked, [], 30_000, times);
    expect(gone.tracked.size).toBe(0);
    expect(step(gone.tracked, [finding("a")], 60_000, times).opened).toEqual([]);
  });

  it("is that of at most so many groups, and of one that counts the rest", () => {
    const many = Array.from({ length: 250 }, (_, i) => finding(`g${i}`));
    const first = step(none, many, 0, { for_s: 0, clear_s: 0 });
    expect(first.tracked.size).toBe(MOST_ALERTS + 1);
    expect(first.opened.at(-1)?.finding.value).toBe(150);
    // Those that there are go on, wherever they stand now.
    const next = step(first.tracked, many.toReversed(), 1000, { for_s: 0, clear_s: 0 });
    expect([next.opened, next.resolved]).toEqual([[], []]);
  });

  it("is one per group: opened and resolved take turns, whatever is found when", () => {
    const look = fc.record({ found: fc.subarray(["a", "b", "c"]), afterMs: fc.integer({ min: 1, max: 100_000 }) });
    const times = fc.record({ for_s: fc.integer({ min: 0, max: 120 }), clear_s: fc.integer({ min: 0, max: 120 }) });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 40 }), times, (looks, time) => {
        let tracked = none;
        let atMs = 0;
        const isOpen = new Map<string, boolean>();
        for (const { found, afterMs } of looks) {
          atMs += afterMs;
          const next = step(
            tracked,
            found.map((group) => finding(group)),
            atMs,
            time,
          );
          for (const group of groups(next.opened)) {
            expect([group, isOpen.get(group) ?? false]).toEqual([group, false]);
            isOpen.set(group, true);
          }
          for (const { labels, lastMs, endedMs, sinceMs } of next.resolved) {
            expect(isOpen.get(labels.group ?? "")).toBe(true);
            expect((endedMs ?? 0) - lastMs).toBeGreaterThanOrEqual(time.clear_s * 1000);
            expect(lastMs).toBeGreaterThanOrEqual(sinceMs + time.for_s * 1000);
            isOpen.set(labels.group ?? "", false);
          }
          tracked = next.tracked;
          const open = [...tracked.values()].filter(({ openedMs }) => openedMs !== null);
          expect(groups(open).toSorted()).toEqual([...isOpen].flatMap(([group, is]) => (is ? [group] : [])).toSorted());
        }
      }),
    );
  });

  it("is of the same labels in any order", () => {
    expect(keyOf({ b: "1", a: "2" })).toBe(keyOf({ a: "2", b: "1" }));
    expect(keyOf({ a: "1" })).not.toBe(keyOf({ a: "2" }));
  });
});

describe("recipients", () => {
  const alert = { told: "" as const, openedMs: 1, severity: "medium" as const };
  it("are told once of each, and of nothing that is silenced", () => {
    expect(eventOf(alert, "open", null, "medium")).toBe("opened");
    expect(eventOf({ ...alert, openedMs: null }, "open", null, "medium")).toBe(null);
    expect(eventOf(alert, "silenced", null, "medium")).toBe(null);
    expect(eventOf({ ...alert, told: "opened" }, "open", "open", "medium")).toBe(null);
    expect(eventOf({ ...alert, told: "opened" }, "open", "silenced", "medium")).toBe("reopened");
    expect(eventOf({ ...alert, told: "opened" }, "open", "open", "critical")).toBe("escalated");
    expect(eventOf({ ...alert, told: "opened" }, "resolved", "open", "medium")).toBe("resolved");
    expect(eventOf(alert, "resolved", "silenced", "medium")).toBe(null);
    expect(eventOf({ ...alert, told: "resolved" }, "resolved", "open", "medium")).toBe(null);
  });
});

describe("windows of the past", () => {
  it("leave no moment out, and are not too many", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 90_000 }), fc.integer({ min: 1, max: 3_000_000 }), (window_s, seconds) => {
        const range = { fromMs: 1000, toMs: 1000 + seconds * 1000 };
        const ends = windowEnds(range, strideOf(range, { window_s }, 500));
        expect(ends.length).toBeLessThanOrEqual(501);
        expect(ends.at(-1)).toBe(range.toMs);
      }),
    );
  });

  it("are looked at one after the other", async () => {
    const rule = { window_s: 60, for_s: 0, clear_s: 0 } as Parameters<typeof replay>[0];
    const looked: number[] = [];
    const holds = (ms: number) => (ms > 100_000 && ms < 200_000) || ms > 550_000;
    const look = async ({ toMs }: { toMs: number }) => {
      looked.push(toMs);
      return holds(toMs) ? [finding("a")] : [];
    };
    const { alerts } = await replay(rule, { fromMs: 0, toMs: 600_000 }, 30_000, { look });
    expect(looked).toEqual(looked.toSorted((a, b) => a - b));
    expect(alerts).toMatchObject([
      { sinceMs: 120_000, lastMs: 180_000 },
      { sinceMs: 570_000, endedMs: null },
    ]);
    // Where nothing can be found nobody looks, and the same is found.
    const all = looked.splice(0).length;
    const ends = Array.from({ length: 20 }, (_, i) => (i + 1) * 30_000);
    const mayFind = async ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
      ends.some((end) => end - 60_000 >= fromMs && end <= toMs && holds(end));
    const again = await replay(rule, { fromMs: 0, toMs: 600_000 }, 30_000, { look, mayFind });
    expect([again.alerts, looked.length < all]).toEqual([alerts, true]);
  });
});

it("rules in YAML with an alias of nothing are told as such", () => {
  const { rules, problems } = checkRulesYaml("rules: *nope", new Watchers([]), () => false);
  expect([rules, problems]).toMatchObject([[], [{ message: expect.stringMatching(/^this is no YAML: .*nope/) }]]);
});

it("what is absent or too little is found among all groups, or it is said that there are too many", async () => {
  const watch = measureWatch({ measure: { kind: "absence" } });
  const watched = { rule: testRule({ watch }), filter: parseFilter(""), settings: watch };
  const sums = { reports: 1, connections: 1, bytes: 1, packets: 1, distinct: 0 };
  const window = { fromMs: 3_540_000, toMs: 3_600_000 };
  const found = async (groups: number) => {
    const notes: string[] = [];
    const all = Array.from({ length: groups }, (_, i) => ({ values: [`n${i}`], sums }));
    const lately = [...all.toReversed(), { values: ["gone"], sums }];
    const tools = {
      groups: async ({ limit, window: { toMs } }: GroupsQuestion) => (toMs === window.toMs ? all : lately).slice(0, limit),
      note: (text: string) => notes.push(text),
    } as Partial<WatchTools> as WatchTools;
    const findings = await measureWatcher.look(watched as never, window, tools, new AbortController().signal);
    return [findings.map(({ labels }) => labels["src.name"]), notes.join()];
  };
  expect(await found(2500)).toEqual([["gone"], ""]);
  expect(await found(30_000)).toEqual([[], expect.stringMatching(/more than 20000 groups/)]);
});
