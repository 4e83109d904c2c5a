import { describe, expect, it } from "vitest";
import {
  DEFAULT_LAYOUT,
  gridOf,
  layoutParams,
  moved,
  readLayout,
  type TableLayout,
  toggled,
  withWidth,
  writeLayout,
} from "./layout.ts";
import { ALL_COLUMNS, columnOf } from "./registry.ts";

const read = (address: string, remembered = "") => readLayout(new URLSearchParams(address), remembered);
const ids = ({ columns }: TableLayout) => columns.map(({ column }) => column.id);
const rate = columnOf("rate")!;

it("has the columns of the spec first, in its order", () => {
  expect(ids(DEFAULT_LAYOUT)).toEqual(["event", "source", "protocol", "destination", "traffic", "verdict", "duration"]);
  expect(new Set(ALL_COLUMNS.map(({ id }) => id)).size).toBe(ALL_COLUMNS.length);
});

describe("in the address", () => {
  it("is nothing as long as nothing was changed", () => {
    expect(layoutParams(DEFAULT_LAYOUT).toString()).toBe("");
    expect(read("q=tcp")).toEqual(DEFAULT_LAYOUT);
  });

  it("is read as it was written, and the rest stays", () => {
    const layout = {
      ...moved(toggled(withWidth(DEFAULT_LAYOUT, "source", 240.4), rate), 7, 0),
      density: 28,
      pinned: true,
    } as const;
    const params = writeLayout(layout, new URLSearchParams("v=1&q=tcp&cols=event&rows=32"));
    expect(params.get("cols")).toBe("rate,event,source:240,protocol,destination,traffic,verdict,duration");
    expect(params.get("q")).toBe("tcp");
    expect(readLayout(params, "")).toEqual(layout);
    expect(writeLayout(DEFAULT_LAYOUT, params).toString()).toBe("v=1&q=tcp");
  });

  it("goes before what was remembered; what is no column is left out", () => {
    expect(ids(read("", "cols=rate,event"))).toEqual(["rate", "event"]);
    expect(ids(read("cols=uid,nonsense,uid,event:9999x", "cols=rate"))).toEqual(["uid", "event"]);
    expect(read("cols=event:3,source:99999").columns.map(({ width }) => width)).toEqual([56, null]);
    expect(read("rows=31&pin=yes", "cols=rate&rows=28&pin=1")).toEqual(DEFAULT_LAYOUT);
  });
});

it("hides and shows columns, but not all of them", () => {
  const shown = toggled(DEFAULT_LAYOUT, rate);
  expect(ids(shown).at(-1)).toBe("rate");
  expect(toggled(shown, rate)).toEqual(DEFAULT_LAYOUT);
  const one = read("cols=rate");
  expect(toggled(one, rate)).toBe(one);
});

it("moves a column within the table only", () => {
  expect(ids(moved(DEFAULT_LAYOUT, 0, 1)).slice(0, 2)).toEqual(["source", "event"]);
  expect(moved(DEFAULT_LAYOUT, 0, -1)).toBe(DEFAULT_LAYOUT);
  expect(moved(DEFAULT_LAYOUT, 6, 7)).toBe(DEFAULT_LAYOUT);
});

it("is a grid: wide as somebody made it, else as there is room", () => {
  const { template, minPx } = gridOf(withWidth(read("cols=source,traffic,rate"), "traffic", 150), false);
  expect(template).toBe("minmax(150px, 1.4fr) 150px 108px");
  expect(minPx).toBe(150 + 150 + 108 + 2 * 12 + 28);
});

it("has room for the usual columns in a page of 1440 pixels, beside sidebar, facets and a scroll bar, with days, too", () => {
  expect(gridOf(DEFAULT_LAYOUT, true).minPx).toBeLessThanOrEqual(970);
  expect(gridOf(DEFAULT_LAYOUT, false).minPx).toBeLessThan(gridOf(DEFAULT_LAYOUT, true).minPx);
});
