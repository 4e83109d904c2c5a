import { describe, expect, it } from "vitest";
import { Roster } from "./roster.ts";
import { silencesIn } from "./silences.ts";

const S = 1000;
const MINUTE = 60 * S;
const DAY = 24 * 60 * MINUTE;
const T0 = Date.UTC(2026, 10, 20);

/** Minutes after T0 → a roster that was told of them, and what it missed within a range, in minutes. */
function world() {
  let nowMs = T0;
  let enrolled: { node: string; name: string; createdMs: number; revokedMs: number | null }[] = [];
  const roster = new Roster(
    { silentAfterMs: () => MINUTE },
    { now: () => nowMs, oldestMs: (ms) => ms - 30 * DAY, enrolled: async () => enrolled, isOther: () => false },
  );
  const sequences = new Map<string, number>();
  return {
    at: (minute: number) => {
      nowMs = T0 + minute * MINUTE;
    },
    covered: (reporterId: string, from: number, to: number) => {
      nowMs = Math.max(nowMs, T0 + to * MINUTE);
      const sequence = (sequences.get(reporterId) ?? 0) + 1;
      sequences.set(reporterId, sequence);
      const reporter = `${reporterId}.example`;
      roster.note({ reporterId, reporter, lastMs: nowMs, addresses: {} });
      const span = { coveredFromMs: T0 + from * MINUTE, coveredToMs: T0 + to * MINUTE };
      roster.cover({ reporterId, reporter, epoch: reporterId, sequence, receivedMs: nowMs, ...span });
    },
    remove: async (node: string) => {
      enrolled = [{ node, name: node, createdMs: T0, revokedMs: nowMs }];
      await roster.refresh();
      roster.review(0);
    },
    review: () => roster.review(0),
    silences: (from: number, to: number) =>
      silencesIn(roster, { fromMs: T0 + from * MINUTE, toMs: T0 + to * MINUTE }, nowMs).map(({ reporterId, fromMs, toMs }) => [
        reporterId,
        (fromMs - T0) / MINUTE,
        (toMs - T0) / MINUTE,
      ]),
  };
}

describe("silences", () => {
  it("are gaps between what was covered, within the range, and not the time before a reporter began", () => {
    const { covered, silences } = world();
    covered("a", 10, 20);
    covered("a", 30, 40);
    covered("b", 35, 40);
    expect(silences(0, 40)).toEqual([["a", 20, 30]]);
    expect(silences(25, 28)).toEqual([["a", 25, 28]]);
    expect(silences(30, 40)).toEqual([]);
  });

  it("are also the time since a reporter went silent, until it is heard of again", () => {
    const { covered, silences, at } = world();
    covered("a", 0, 10);
    at(10.5);
    expect(silences(0, 60)).toEqual([]);
    at(15);
    expect(silences(0, 60)).toEqual([["a", 10, 15]]);
    covered("a", 10, 16);
    expect(silences(0, 60)).toEqual([]);
  });

  it("go on when a reporter is given up, but not when it is removed", async () => {
    const { covered, silences, at, review, remove } = world();
    covered("a", 0, 10);
    at(3 * 24 * 60);
    review();
    expect(silences(0, 30)).toEqual([["a", 10, 30]]);
    expect(silences(3 * 24 * 60 - 5, 4 * 24 * 60)).toEqual([["a", 3 * 24 * 60 - 5, 3 * 24 * 60]]);
    await remove("a");
    expect(silences(0, 30)).toEqual([]);
  });
});
