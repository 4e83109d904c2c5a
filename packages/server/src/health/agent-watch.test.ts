/** What an upload waits for, and for how long. Elections are made up: one that never ends can't be had otherwise. */
import { describe, expect, it } from "vitest";
import type { CoverageNote } from "../receive/ports.ts";
import { AgentBook } from "./agent-book.ts";
import { AgentWatch, type ElectionRequest } from "./agent-watch.ts";
import { Roster } from "./roster.ts";

class Bed {
  nowMs = 1_000_000_000;
  done = false;
  readonly asked: ElectionRequest[] = [];
  readonly warnings: string[] = [];
  readonly roster = new Roster(
    { silentAfterMs: () => 30_000 },
    { now: () => this.nowMs, oldestMs: (ms) => ms - 1e9, enrolled: async () => [], isOther: () => false },
  );
  readonly watch = new AgentWatch(
    { shared: false, updateMs: () => 10_000 },
    {
      now: () => this.nowMs,
      logger: { debug: () => undefined, warn: (_, message) => void this.warnings.push(message) },
      clickhouse: { rows: async () => [] },
      roster: this.roster,
      book: new AgentBook(),
      coverages: { load: async () => [], save: async () => undefined },
      oldestMs: () => 0,
      elections: {
        elect: async (requests) => requests.map((request) => String(this.asked.push(request))),
        areDone: async () => this.done,
      },
    },
  );
  note(change: Partial<CoverageNote> = {}): CoverageNote {
    const when = { receivedMs: this.nowMs, coveredFromMs: this.nowMs - 60_000, coveredToMs: this.nowMs };
    return { reporterId: "a", reporter: "a", epoch: "e", sequence: 1, ...when, ...change };
  }
}

describe("an upload", () => {
  it("waits for what counted in its place, and when that takes for ever, some minutes", async () => {
    const bed = new Bed();
    await expect(bed.watch.admit(bed.note(), false)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    bed.nowMs += 170_000;
    await expect(bed.watch.admit(bed.note(), false)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    bed.nowMs += 20_000;
    await bed.watch.admit(bed.note(), false);
    expect([bed.watch.stats.admittedEarly, bed.warnings.length]).toEqual([1, 1]);
    bed.done = true;
    await bed.watch.admit(bed.note({ coveredFromMs: bed.nowMs - 190_000 }), false);
    expect(bed.watch.stats.admittedEarly).toBe(1);
  });
});
