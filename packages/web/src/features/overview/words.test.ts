import { describe, expect, it } from "vitest";
import type { OverviewAnswer } from "../../lib/types-charts.ts";
import { isCompared, isEmpty } from "./words.ts";

const tile = (...series: (number | string)[]) => ({ value: 0, previous: 5, series });

function answer(change: {
  bytes?: (number | string)[];
  began?: number[];
  open?: number;
}): Pick<OverviewAnswer, "tiles" | "chart"> {
  const { bytes = [0, 0], began = [0, 0], open = 0 } = change;
  return {
    chart: { step_ms: 1000, from: "2026-11-22T09:00:00Z", groups: [], other: false, series: [], gaps: [], estimated: false },
    tiles: {
      throughput: tile(...bytes),
      connections: tile(...began),
      externals: tile(),
      denied: tile(),
      unanswered: tile(),
      open,
      agents: { reporting: 1, known: 1 },
    },
  };
}

describe("an overview is empty", () => {
  it("if nothing flowed, began or is open, whatever was before", () => expect(isEmpty(answer({}))).toBe(true));

  it.each([{ bytes: [0, "9007199254740993"] }, { began: [1, 0] }, { open: 1 }])("but not with %j", (change) =>
    expect(isEmpty(answer(change))).toBe(false),
  );
});

describe("an overview is compared", () => {
  it("with a time that had any traffic", () => {
    const { tiles } = answer({});
    expect(isCompared({ tiles })).toBe(true);
    const fresh = { ...tile(1), previous: 0 };
    expect(isCompared({ tiles: { ...tiles, throughput: fresh, connections: fresh } })).toBe(false);
  });
});
