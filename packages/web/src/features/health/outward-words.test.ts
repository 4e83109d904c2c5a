import type { AlertRuleReport } from "@flowtrail/model";
import { expect, it } from "vitest";
import type { RecipientHealth, SinkHealth } from "../../lib/api-types.ts";
import { recipientLine, ruleLines, sinkLine } from "./outward-words.ts";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const rule = (change: object, enabled = true) =>
  ({
    id: "r",
    name: "Scan",
    enabled,
    status: { state: "ok", evaluated: "2026-11-23T09:59:48Z", rows_read: 1, ms: 1, error: null, notes: [], open: 2, ...change },
  }) as unknown as AlertRuleReport;
const said = ({ text, fix }: { text: string; fix: string | null }) => [text, fix !== null];

it("tells of rules together, and of those that fail each", () => {
  const [all, failing, ...more] = ruleLines([rule({}), rule({ state: "stopped", error: "too dear" }), rule({}, false)], NOW);
  expect(all?.text).toBe("2 on, last looked 12 s ago, 6 alerts not over");
  expect(failing).toMatchObject({ text: "stopped: too dear", isBad: true });
  expect(more).toEqual([]);
});

it("tells of a recipient what went wrong and what to do", () => {
  const well: RecipientHealth = {
    ...{ id: "a", name: "A", kind: "email", enabled: true, waiting: 0, parked: 0, last_sent: null, failing: false },
    last_error: { time: "", message: "answered 500" },
  };
  expect(said(recipientLine(well))).toEqual(["well", false]);
  expect(said(recipientLine({ ...well, failing: true, waiting: 3 }))).toEqual(["failing: answered 500, 3 waiting", true]);
  expect(said(recipientLine({ ...well, parked: 1 }))).toEqual(["well, 1 given up", true]);
  expect(said(recipientLine({ ...well, enabled: false }))).toEqual(["off", false]);
});

it("tells of a sink how far behind it is", () => {
  const sink: SinkHealth = {
    ...{ id: "s", name: "S", kind: "http", state: "running", lag_ms: 100, lost: 0, parked: 0, error: null, advice: null },
  };
  expect(said(sinkLine(sink))).toEqual(["hands over", false]);
  expect(said(sinkLine({ ...sink, parked: 4 }))).toEqual(["hands over, 4 parked", true]);
  expect(said(sinkLine({ ...sink, state: "paused", lag_ms: 7_200_000 }))).toEqual([
    expect.stringMatching(/^paused, 2 h.* behind$/),
    false,
  ]);
  expect(
    sinkLine({ ...sink, state: "trouble", lag_ms: 600_000, error: "no answer", advice: "Give it more time." }),
  ).toMatchObject({
    text: expect.stringMatching(/^failing: no answer, 10 min.* behind$/),
    fix: "Give it more time.",
  });
});
