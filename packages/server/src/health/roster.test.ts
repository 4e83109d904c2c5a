import { describe, expect, it } from "vitest";
import type { CoverageNote } from "../receive/ports.ts";
import { type Enrolment, Roster } from "./roster.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW_MS = 1_000 * HOUR_MS;
/** Before all of these, so that nobody is spared for the server's sake. */
const STARTED_MS = NOW_MS - 500 * HOUR_MS;

const keptSince = (ms: number) => ms - 5000 * HOUR_MS;

class Bed {
  nowMs = STARTED_MS;
  enrolled: Enrolment[] = [];
  /** Reporters that are nodes of the inventory. */
  readonly nodes = new Set<string>();
  readonly roster = new Roster(
    { silentAfterMs: () => 30_000, netmakerSilentAfterMs: 24 * HOUR_MS },
    {
      now: () => this.nowMs,
      oldestMs: keptSince,
      enrolled: async () => this.enrolled,
      isOther: (reporterId, node) => this.nodes.has(reporterId) && reporterId !== node.id,
    },
  );
  #sequence = 0;

  constructor() {
    this.nowMs = NOW_MS;
  }

  /** A delivery of agent "a" that covers a time and comes at its end, or later. */
  covers(fromMs: number, toMs: number, change: Partial<CoverageNote> = {}): void {
    const note = { reporterId: "a", reporter: "name of a", epoch: "e", sequence: ++this.#sequence, receivedMs: toMs };
    this.roster.cover({ ...note, coveredFromMs: fromMs, coveredToMs: toMs, ...change });
  }

  async enrol(...enrolled: Partial<Enrolment>[]): Promise<void> {
    this.enrolled = enrolled.map((one) => ({ node: "a", name: "a", createdMs: NOW_MS, revokedMs: null, ...one }));
    await this.roster.refresh();
  }

  review(atMs: number): void {
    this.nowMs = atMs;
    this.roster.review(0);
  }

  expects(startMs: number, endMs = startMs + 1000): boolean {
    return this.roster.expects({ id: "a", name: "name of a" }, { startMs, endMs });
  }
}

describe("the roster", () => {
  it("knows who spoke lately, before a restart too", () => {
    const { roster } = new Bed();
    const heard = (reporterId: string, lastMs: number) => ({ reporterId, reporter: reporterId, lastMs, addresses: {} });
    roster.load([heard("a", NOW_MS - 20_000), heard("b", NOW_MS - 40_000)]);
    expect(roster.ids()).toEqual(["a"]);
    roster.note(heard("b", NOW_MS));
    expect(roster.has("b")).toBe(true);
    // Told late by another server.
    roster.note(heard("b", NOW_MS - 50_000));
    expect(roster.has("b")).toBe(true);
  });

  it("waits longer for an agent of Netmaker's, which tells nothing between a flow's start and its end", () => {
    const bed = new Bed();
    const heard = (reporterId: string, isNetmaker: boolean) => {
      return { reporterId, reporter: reporterId, lastMs: NOW_MS, addresses: {}, isNetmaker };
    };
    bed.roster.load([heard("a", false), heard("n", true)]);
    bed.nowMs = NOW_MS + 23 * HOUR_MS;
    expect(bed.roster.ids()).toEqual(["n"]);
    bed.nowMs = NOW_MS + 25 * HOUR_MS;
    expect(bed.roster.ids()).toEqual([]);
  });
});

describe("an agent is expected to report a flow", () => {
  const at = (minutes: number) => NOW_MS + minutes * MINUTE_MS;
  /** Covered minutes 0 to 10, and 60 to 70; in between it was dead. */
  const withGap = () => {
    const bed = new Bed();
    bed.covers(at(0), at(10));
    bed.covers(at(60), at(70));
    return bed;
  };

  it.each([
    ["nobody knows of", [], false],
    ["that got a token", [{}], true],
    ["that got a token for a node of another id, by its name", [{ node: "x", name: "name of a" }], true],
    ["that got a token long ago and never spoke", [{ createdMs: NOW_MS - 25 * HOUR_MS }], false],
    ["whose token was taken back", [{ revokedMs: NOW_MS }], false],
    ["whose token was taken back, and that has another one", [{ revokedMs: NOW_MS }, {}], true],
  ])("of one %s: %o", async (_, enrolled, expected) => {
    const bed = new Bed();
    await bed.enrol(...enrolled);
    expect(bed.expects(at(1))).toBe(expected);
  });

  it.each([
    ["while it covered", at(5), at(6), true],
    ["that ended before it began", at(-10), at(-5), false],
    ["that it found when it began", at(-10), at(1), true],
    ["in the gap", at(20), at(50), false],
    ["that began before the gap", at(9), at(20), true],
    ["that outlived the gap", at(20), at(61), true],
    ["that is open since the gap", at(20), Number.POSITIVE_INFINITY, true],
    ["after what it said last: its spool may still come", at(90), at(91), true],
    ["that ended so shortly before it came back that it may have found it", at(20), at(59), true],
    ["that began so shortly after it ended that clocks decide", at(10) + 2000, at(20), true],
  ])("%s: %o – %o: %o", (_, startMs, endMs, expected) => expect(withGap().expects(startMs, endMs)).toBe(expected));

  it("of which only its rows can tell, for the time being: and asks for an election", () => {
    const { roster } = withGap();
    const life = { startMs: at(20), endMs: at(59) };
    expect(roster.covers("a", life)).toBe(false);
    expect(roster.expects({ id: "a", name: "?" }, life)).toBe(true);
    expect(roster.takeUnclear()).toEqual([{ reporterId: "a", fromMs: at(20) - 5000, toMs: at(62) }]);
    expect(roster.takeUnclear()).toEqual([]);
    roster.expects({ id: "a", name: "?" }, { startMs: at(5), endMs: at(6) });
    expect(roster.takeUnclear()).toEqual([]);
  });

  it("and again after a restart, near the edges of the last gaps: the one before may have been killed", () => {
    const bed = withGap();
    const near = (minute: number) => ({ reporterId: "a", fromMs: at(minute - 3), toMs: at(minute) + 5000 });
    // Of what came in minutes 60 to 70.
    expect(bed.roster.unclearBefore()).toEqual([near(60)]);
    bed.covers(at(71), at(72));
    expect(bed.roster.unclearBefore()).toEqual([near(70), near(71)]);
  });

  it("by its node's id, name or host", () => {
    const { roster } = withGap();
    const life = { startMs: at(5), endMs: at(6) };
    expect(roster.expects({ id: "a", name: "other" }, life)).toBe(true);
    expect(roster.expects({ id: "other", name: "name of a" }, life)).toBe(true);
    expect(roster.expects({ id: "other", name: "other", host: "a" }, life)).toBe(true);
    expect(roster.expects({ id: "other", name: "other" }, life)).toBe(false);
  });

  it("not by the name of another node that has an agent, nor by a name that its agent has no more", () => {
    const bed = withGap();
    const expects = () => bed.roster.expects({ id: "b", name: "name of a" }, { startMs: at(5), endMs: at(6) });
    expect(expects()).toBe(true);
    bed.nodes.add("a");
    expect(expects()).toBe(false);
    expect(bed.expects(at(5))).toBe(true);
    bed.nodes.clear();
    bed.covers(at(70), at(80), { reporter: "new name of a" });
    expect(expects()).toBe(false);
  });

  it("by a token that was made for its name, before the inventory knew it", () => {
    const { roster } = withGap();
    roster.cover({
      reporterId: "z",
      reporter: "a",
      epoch: "",
      sequence: 1,
      receivedMs: at(80),
      coveredFromMs: null,
      coveredToMs: null,
    });
    expect(roster.expects({ id: "n1", name: "a" }, { startMs: at(5), endMs: at(6) })).toBe(true);
  });

  it("while it is silent, for a day; then all it did not cover is to be elected again", () => {
    const bed = withGap();
    bed.roster.takeChanges();
    bed.review(at(70) + 23 * HOUR_MS);
    expect(bed.expects(at(600))).toBe(true);
    expect(bed.roster.takeChanges()).toEqual([]);
    bed.review(at(70) + 25 * HOUR_MS);
    expect(bed.expects(at(600))).toBe(false);
    expect(bed.expects(at(600), Number.POSITIVE_INFINITY)).toBe(false);
    expect(bed.expects(at(65))).toBe(true);
    const forEver = { fromMs: at(70), toMs: Number.POSITIVE_INFINITY };
    expect(bed.roster.takeChanges()).toEqual([{ reporterId: "a", kind: "gap", span: forEver }]);
    bed.review(at(70) + 26 * HOUR_MS);
    expect(bed.roster.takeChanges()).toEqual([]);
  });

  it("again, when its spool comes after all", () => {
    const bed = withGap();
    bed.review(at(70) + 25 * HOUR_MS);
    bed.roster.takeChanges();
    // It had gone on, but could not reach us.
    bed.covers(at(70), at(80), { receivedMs: bed.nowMs + 1 });
    expect(bed.expects(at(600))).toBe(true);
    expect(bed.roster.takeChanges()).toEqual([
      { reporterId: "a", kind: "covered", span: { fromMs: at(70), toMs: Number.POSITIVE_INFINITY } },
    ]);
    // It had been dead for most of the time.
    bed.covers(at(1000), at(1001), { receivedMs: bed.nowMs + 2 });
    expect(bed.expects(at(600))).toBe(false);
    expect(bed.roster.takeChanges()).toEqual([{ reporterId: "a", kind: "gap", span: { fromMs: at(80), toMs: at(1000) } }]);
  });

  it("until it is removed, and not after what it said last", async () => {
    const bed = withGap();
    await bed.enrol({ revokedMs: at(71) });
    bed.review(at(75));
    expect(bed.expects(at(65))).toBe(true);
    expect(bed.expects(at(72))).toBe(false);
    expect(bed.expects(at(65), Number.POSITIVE_INFINITY)).toBe(true);
  });

  it("not for a while after this server's own start: nobody could be heard of", () => {
    const bed = new Bed();
    const roster = new Roster(
      { silentAfterMs: () => 30_000 },
      { now: () => bed.nowMs, oldestMs: keptSince, enrolled: async () => [], isOther: () => false },
    );
    const old = { reporterId: "a", reporter: "a", epoch: "e", sequence: 1, receivedMs: NOW_MS - 48 * HOUR_MS };
    roster.cover({ ...old, coveredFromMs: NOW_MS - 49 * HOUR_MS, coveredToMs: NOW_MS - 48 * HOUR_MS });
    roster.review(0);
    const node = { id: "a", name: "a" };
    expect(roster.expects(node, { startMs: NOW_MS, endMs: NOW_MS })).toBe(true);
    bed.nowMs += 2 * HOUR_MS;
    roster.review(0);
    expect(roster.expects(node, { startMs: NOW_MS, endMs: NOW_MS })).toBe(false);
  });

  it("if it is somebody's own sender, from when it was heard of, while it is not silent for a day", () => {
    const bed = new Bed();
    const nothing = { epoch: "", coveredFromMs: null, coveredToMs: null };
    bed.covers(0, at(0), nothing);
    expect(bed.expects(at(-60))).toBe(false);
    expect(bed.expects(at(5))).toBe(true);
    bed.review(at(0) + 25 * HOUR_MS);
    expect(bed.expects(at(5))).toBe(false);
    bed.covers(0, at(2000), nothing);
    expect(bed.expects(at(1000))).toBe(false);
    expect(bed.expects(at(2001))).toBe(true);
  });

  it("not while it says that it covers nothing; that is one long gap, which is told of as such", () => {
    const bed = withGap();
    bed.roster.takeChanges();
    for (const minute of [80, 81, 82]) bed.covers(at(minute), at(minute));
    expect(bed.expects(at(72), at(73))).toBe(false);
    expect(bed.expects(at(100))).toBe(true);
    expect(bed.roster.takeChanges().map(({ kind, span }) => [kind, span.fromMs, span.toMs])).toEqual([
      ["gap", at(70), at(80)],
      ["longer", at(80), at(81)],
      ["longer", at(81), at(82)],
    ]);
  });

  it("as before, after a restart", () => {
    const bed = withGap();
    const again = new Roster(
      { silentAfterMs: () => 30_000 },
      { now: () => bed.nowMs, oldestMs: keptSince, enrolled: async () => [], isOther: () => false },
    );
    for (const { reporterId, state } of bed.roster.takeDirty()) again.loadCoverage(reporterId, JSON.parse(JSON.stringify(state)));
    const expects = (startMs: number, endMs: number) => again.expects({ id: "x", name: "name of a" }, { startMs, endMs });
    expect([expects(at(5), at(6)), expects(at(20), at(50)), expects(at(90), at(91)), expects(at(-60), at(-50))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(again.takeDirty()).toEqual([]);
    // The next batch joins what was stored.
    again.cover({
      reporterId: "a",
      reporter: "a",
      epoch: "e",
      sequence: 3,
      receivedMs: at(80),
      coveredFromMs: at(75),
      coveredToMs: at(80),
    });
    expect(again.takeChanges()).toEqual([{ reporterId: "a", kind: "gap", span: { fromMs: at(70), toMs: at(75) } }]);
  });
});
