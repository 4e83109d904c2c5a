import { filterTest, parseFilter } from "@flowtrail/model";
import { expect, it } from "vitest";
import { isOn, QUICK_FILTERS, type QuickFilter, toggleQuick } from "./quick-filters.ts";

const quick = (label: string) => QUICK_FILTERS.find((one) => one.label === label) as QuickFilter;

it.each([
  [0, "Small"],
  [1023, "Small"],
  [1024, "Medium"],
  [102_400, "Medium"],
  [102_401, "Large"],
])("%i bytes are in one class of volume: %s", (bytes, label) => {
  const row = { src_bytes: bytes, dst_bytes: 0 };
  const classes = QUICK_FILTERS.filter(({ field }) => field === "bytes").filter(({ q }) => filterTest(parseFilter(q))(row));
  expect(classes.map((one) => one.label)).toEqual([label]);
});

it("is put in, takes the place of its like, and is taken out", () => {
  const small = toggleQuick("port=443", quick("Small"));
  expect(small).toBe("port=443 and bytes<1KiB");
  const medium = toggleQuick(small, quick("Medium"));
  expect(medium).toBe("port=443 and bytes>=1KiB and bytes<=100KiB");
  expect([isOn(medium, quick("Medium")), isOn(medium, quick("Small"))]).toEqual([true, false]);
  expect(toggleQuick(medium, quick("Medium"))).toBe("port=443");
});
