import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CoverageNote } from "../receive/ports.ts";
import { Coverage } from "./coverage.ts";
import { Gaps } from "./coverage-gaps.ts";

const S = 1000;
const T = 1_000_000_000;

type Told = readonly [sequence: number, from: number, to: number, change?: Partial<CoverageNote>];

/** Notes batches (seconds after T) and returns the gaps within them, in seconds. */
function gapsAfter(batches: readonly Told[], coverage = new Coverage("a")): number[][] {
  for (const [sequence, from, to, change] of batches) {
    const times = { receivedMs: T + 10_000 * S, coveredFromMs: T + from * S, coveredToMs: T + to * S };
    coverage.note({ reporterId: "a", reporter: "a", epoch: "e", sequence, ...times, ...change });
  }
  return coverage.gaps
    .filter(({ fromMs }) => Number.isFinite(fromMs))
    .map(({ fromMs, toMs }) => [(fromMs - T) / S, (toMs - T) / S]);
}

describe("coverage", () => {
  it.each<[string, Told[], number[][]]>([
    [
      "of consecutive batches is whole",
      [
        [1, 0, 10],
        [2, 10, 20],
        [3, 20, 30],
      ],
      [],
    ],
    [
      "has a gap between consecutive batches that leave one",
      [
        [1, 0, 10],
        [2, 50, 60],
      ],
      [[10, 50]],
    ],
    [
      "has none that is shorter than clocks are exact",
      [
        [1, 0, 10],
        [2, 10.03, 20],
      ],
      [],
    ],
    [
      "has none where something may still come",
      [
        [1, 0, 10],
        [3, 50, 60],
      ],
      [],
    ],
    [
      "has none where it came late",
      [
        [1, 0, 10],
        [3, 50, 60],
        [2, 10, 50],
      ],
      [],
    ],
    [
      "has one where it came late and does not fill it",
      [
        [1, 0, 10],
        [3, 50, 60],
        [2, 20, 50],
      ],
      [[10, 20]],
    ],
    [
      "has some around what came late",
      [
        [1, 0, 10],
        [5, 50, 60],
        [3, 30, 31],
        [2, 10, 12],
        [4, 40, 50],
      ],
      [
        [12, 30],
        [31, 40],
      ],
    ],
    [
      "has one where the agent is far ahead of what is missing",
      [
        [1, 0, 10],
        [3, 50, 60],
        [100, 60, 70],
        [101, 70, 71],
      ],
      [[10, 50]],
    ],
    [
      "is not disturbed by what comes twice, or in parts",
      [
        [1, 0, 10],
        [2, 50, 60],
        [2, 50, 60],
        [1, 0, 10],
        [2, 50, 60],
      ],
      [[10, 50]],
    ],
    [
      "may begin with any batch",
      [
        [7, 0, 10],
        [6, -10, -5],
        [5, -10, -10],
      ],
      [[-5, 0]],
    ],
    [
      "has a gap where nothing was covered for a moment",
      [
        [1, 0, 10],
        [2, 15, 15],
        [3, 20, 30],
      ],
      [[10, 20]],
    ],
    [
      "has a gap between state directories",
      [
        [1, 0, 10],
        [2, 10, 20],
        [1, 40, 50, { epoch: "f" }],
      ],
      [[20, 40]],
    ],
    [
      "also when its first batch comes second",
      [
        [1, 0, 10],
        [2, 41, 50, { epoch: "f" }],
        [1, 40, 41, { epoch: "f" }],
      ],
      [[10, 40]],
    ],
    [
      "has one where the first batches of a state directory are lost: they may speak for none of the time before it",
      [
        [1, 0, 10],
        [2, 10, 20],
        [500, 90, 100, { epoch: "f" }],
        [564, 100, 110, { epoch: "f" }],
      ],
      [[20, 90]],
    ],
    [
      "has none where the last of them come after all",
      [
        [1, 0, 10],
        [500, 90, 100, { epoch: "f" }],
        [499, 30, 90, { epoch: "f" }],
        [564, 100, 110, { epoch: "f" }],
      ],
      [[10, 30]],
    ],
    [
      "has none while that may still come",
      [
        [1, 0, 10],
        [2, 41, 50, { epoch: "f" }],
      ],
      [],
    ],
    [
      "has none when a clock was set back",
      [
        [1, 0, 10],
        [2, 5, 12],
        [3, 12, 20],
      ],
      [],
    ],
    [
      "is not known of a sender that does not number its batches",
      [
        [1, 0, 10, { epoch: "" }],
        [9, 50, 60, { epoch: "" }],
      ],
      [],
    ],
  ])("%s", (_, batches, gaps) => expect(gapsAfter(batches)).toEqual(gaps));

  it("is the same in whatever order batches come, how often, and with restarts in between", () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 })), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(lengths, fc.infiniteStream(fc.nat()), (steps, order) => {
        let at = 0;
        const batches = steps.map(([pause, length], i): Told => {
          at += pause + length;
          return [i + 1, at - length, at];
        });
        const shuffled = [...batches, ...batches.slice(0, 3)].map((batch) => ({ batch, key: order.next().value ?? 0 }));
        const restarted = new Coverage("a");
        let coverage = restarted;
        for (const { batch } of shuffled.sort((a, b) => a.key - b.key)) {
          gapsAfter([batch], coverage);
          coverage = new Coverage("a", JSON.parse(JSON.stringify(coverage.state)));
        }
        expect(gapsAfter([], coverage)).toEqual(gapsAfter(batches));
      }),
    );
  });

  it("is not there from the enrolment on if the first batches are lost", () => {
    const coverage = new Coverage("a");
    coverage.enrol(T - 50 * S);
    gapsAfter([[500, 90, 100]], coverage);
    expect(coverage.expects(T, T + 10 * S)).toBe(true);
    gapsAfter([[564, 100, 110]], coverage);
    expect(coverage.expects(T, T + 10 * S)).toBe(false);
    expect(coverage.expects(T + 95 * S, T + 96 * S)).toBe(true);
  });

  it("is given up where something did not come for a day", () => {
    const coverage = new Coverage("a");
    gapsAfter(
      [
        [1, 0, 10],
        [3, 50, 60],
      ],
      coverage,
    );
    coverage.review(T, T, false, null);
    expect(gapsAfter([], coverage)).toEqual([]);
    coverage.review(T, T + 10_001 * S, false, null);
    expect(gapsAfter([], coverage)).toEqual([
      [10, 50],
      [60, Number.POSITIVE_INFINITY],
    ]);
  });

  it("is never of what is to come: a clock that was a year ahead for a moment", () => {
    const coverage = new Coverage("a");
    const yearMs = 365 * 86_400_000;
    const heard = (sequence: number, from: number, to: number, aheadMs = 0) => {
      const times = { coveredFromMs: T + from * S + aheadMs, coveredToMs: T + to * S + aheadMs, receivedMs: T + to * S };
      gapsAfter([[sequence, 0, 0, times]], coverage);
    };
    heard(1, 0, 10);
    heard(2, 10, 20, yearMs);
    heard(3, 20, 30);
    expect(gapsAfter([], coverage)).toEqual([[10, 20]]);
    expect(coverage.coveredToMs).toBe(T + 30 * S);
    coverage.review(T + 30 * 3600 * S, T + 6 * 3600 * S, false, null);
    expect(coverage.expects(T + 3600 * S, T + 3601 * S)).toBe(false);
  });

  it("is there at once, and has no gaps, where a clock is ahead all the time", () => {
    const coverage = new Coverage("a");
    for (const sequence of [1, 2, 3]) {
      const from = 600 + sequence * 10;
      gapsAfter([[sequence, from, from + 10, { receivedMs: T + (from - 600 + 10) * S }]], coverage);
    }
    expect(gapsAfter([], coverage)).toEqual([]);
    expect(coverage.expects(T + 41 * S, T + 42 * S)).toBe(true);
  });

  it("reaches back no further than rows are kept", () => {
    const coverage = new Coverage("a");
    const note = { reporterId: "a", reporter: "a", epoch: "e", sequence: 1, receivedMs: T, coveredFromMs: 0, coveredToMs: T };
    coverage.note(note, T - 100 * S);
    expect(coverage.expects(T - 200 * S, T - 150 * S)).toBe(false);
    expect(coverage.expects(T - 50 * S, T)).toBe(true);
    expect(coverage.isNews({ ...note, sequence: 2 }, T - 100 * S)).toBe(false);
  });

  it("of a sender that declares nothing begins with the first that it tells of, when it comes or comes again", () => {
    const coverage = new Coverage("a");
    const tells = (receivedMs: number, firstStartMs: number) => {
      const note = { reporterId: "a", reporter: "a", epoch: "", sequence: 1, coveredFromMs: null, coveredToMs: null };
      return coverage.note({ ...note, receivedMs, firstStartMs }, T - 3600 * S).map(({ span }) => (span.fromMs - T) / S);
    };
    expect(tells(T, T - 7200 * S)).toEqual([-3600]);
    expect(tells(T + 10 * S, T - 7200 * S)).toEqual([]);
    coverage.review(T + 1000 * S, T + 11 * S, false, null);
    expect(tells(T + 2000 * S, T + 1500 * S)).toEqual([1500]);
    expect(coverage.expects(T + 1200 * S, T + 1300 * S)).toBe(false);
  });

  it("of what was imported ends with it, until its own agent is heard of", () => {
    const coverage = new Coverage("a");
    const imported = (from: number, to: number): Told => [0, from, to, { epoch: "", receivedMs: T + to * S, imported: true }];
    gapsAfter([imported(0, 10), imported(10, 20)], coverage);
    expect(
      [
        [5, 15],
        [25, 30],
        [5000, 5010],
      ].map(([from = 0, to = 0]) => coverage.expects(T + from * S, T + to * S)),
    ).toEqual([true, false, false]);
    // Given up, and imported to a later end: it is gone all the same.
    coverage.review(T + 100 * S, T + 90 * S, false, null);
    gapsAfter([imported(100, 200)], coverage);
    expect([coverage.expects(T + 150 * S, T + 160 * S), coverage.expects(T + 300 * S, T + 310 * S)]).toEqual([true, false]);
    const live = { receivedMs: T + 1000 * S };
    expect(
      coverage.isNews({
        reporterId: "a",
        reporter: "a",
        epoch: "e",
        sequence: 1,
        coveredFromMs: T,
        coveredToMs: T,
        firstStartMs: null,
        ...live,
      }),
    ).toBe(true);
    gapsAfter([[1, 990, 1000, live]], coverage);
    expect([coverage.expects(T + 300 * S, T + 310 * S), coverage.expects(T + 5000 * S, T + 5010 * S)]).toEqual([false, true]);
    expect(coverage.isImported).toBe(false);
  });

  it("forgets what is older than the rows", () => {
    const coverage = new Coverage("a");
    gapsAfter(
      [
        [1, 0, 10],
        [2, 20, 30],
        [3, 40, 50],
      ],
      coverage,
    );
    coverage.forget(T + 25 * S);
    expect(gapsAfter([], coverage)).toEqual([[30, 40]]);
    expect(coverage.expects(T - 100 * S, T - 50 * S)).toBe(false);
  });
});

describe("a set of gaps", () => {
  it("is what a list of seconds would be", () => {
    const span = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 10 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(span, { maxLength: 20 }), (changes) => {
        const gaps = new Gaps([]);
        const plain = new Set<number>();
        const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
        const length = (spans: readonly { fromMs: number; toMs: number }[]) =>
          spans.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
        for (const [from, long, isGap] of changes) {
          const one = { fromMs: from, toMs: from + long };
          const different = seconds(from, from + long).filter((second) => plain.has(second) !== isGap);
          expect(length(isGap ? gaps.add(one) : gaps.cut(one))).toBe(different.length);
          for (const second of different) isGap ? plain.add(second) : plain.delete(second);
        }
        expect(gaps.spans.flatMap(({ fromMs, toMs }) => seconds(fromMs, toMs))).toEqual([...plain].sort((a, b) => a - b));
      }),
    );
  });
});
