import { beforeEach, describe, expect, it } from "vitest";
import { ConntrackRecord } from "./capture/conntrack/record.ts";
import type { ConntrackListener } from "./capture/source.ts";
import { Coverage } from "./coverage.ts";

let heard: string[] = [];
let coverage: Coverage;
const note = (what: string) => () => void heard.push(what);
const tracker: ConntrackListener = {
  onEvent: note("event"),
  onDumpStart: note("dump start"),
  onDumpEntry: note("entry"),
  onDumpEnd: note("dump end"),
  onOverrun: note("overrun"),
  onDrained: note("drained"),
};
beforeEach(() => {
  heard = [];
  coverage = new Coverage(tracker);
});

describe("covered time", () => {
  it("goes on without a break from one batch to the next", () => {
    coverage.begin(100);
    expect([coverage.take(150), coverage.take(200)]).toEqual([
      { fromMs: 100, toMs: 150 },
      { fromMs: 150, toMs: 200 },
    ]);
  });

  it("has a gap from an overrun until a dump that began after it is complete", () => {
    coverage.begin(100);
    coverage.take(150);
    coverage.onDumpStart(160);
    coverage.onOverrun(170);
    expect(coverage.take(180)).toEqual({ fromMs: 180, toMs: 180 });
    coverage.onDumpEnd(true, 190);
    expect(coverage.take(200), "that dump may lack what was dropped").toEqual({ fromMs: 200, toMs: 200 });
    coverage.onDumpStart(210);
    coverage.onDumpEnd(false, 220);
    expect(coverage.take(230), "an incomplete one says nothing").toEqual({ fromMs: 230, toMs: 230 });
    coverage.onDumpStart(240);
    coverage.onDumpEnd(true, 250);
    expect(coverage.take(260)).toEqual({ fromMs: 250, toMs: 260 });
  });

  it("is empty while capture is off, and never runs backwards", () => {
    coverage.begin(100);
    coverage.pause();
    expect(coverage.take(200)).toEqual({ fromMs: 200, toMs: 200 });
    coverage.begin(300);
    expect(coverage.take(250), "the clock was set back").toEqual({ fromMs: 250, toMs: 250 });
    expect(coverage.take(260)).toEqual({ fromMs: 250, toMs: 260 });
  });

  it("hands everything on to the tracker", () => {
    const record = new ConntrackRecord();
    coverage.onEvent(record, 1);
    coverage.onDumpStart(1);
    coverage.onDumpEntry(record, 1);
    coverage.onDumpEnd(true, 1);
    coverage.onOverrun(1);
    coverage.onDrained(1);
    expect(heard).toEqual(["event", "dump start", "entry", "dump end", "overrun", "drained"]);
  });
});
