/** Checkpoints of former builds (by commit de9875b, before flows had names): who upgrades keeps the open flows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { FlowNames } from "./flow-names.ts";
import type { RecordSpec } from "./testing/records.ts";
import { Track } from "./testing/track.ts";

/** What that build was told: a dump of these at 5, with other counters; then `collect(10)` and `checkpoint()`. */
const FLOWS: RecordSpec[] = [
  { src: "100.64.0.1:4000", dst: "198.51.100.7:443", id: 1, startMs: 0 },
  { src: "100.64.0.1:40000", dst: "100.64.0.2:5000", id: 2, startMs: 0, protocol: 17 },
  { src: "[fd0a::21]:5", dst: "[2001:db8::7]:80", replyDst: "[2001:db8::1]:999", id: 3, startMs: 0 },
];
const NAMES: FlowNames = {
  excludesIn: () => false,
  look(_flow, found) {
    Object.assign(found, { domain: "api.example", source: "dns", outer: false, app: null });
    return true;
  },
  takeLate: () => undefined,
};

describe("A checkpoint without names", () => {
  it.each([
    ["checkpoint-without-names", 2],
    ["checkpoint-without-names-translated", 3],
  ])("goes on, and its flows get names (%s)", (name, count) => {
    const track = new Track({}, undefined, NAMES);
    const bytes = readFileSync(new URL(`fixtures/${name}.bin`, import.meta.url));
    expect(track.tracker.restore(bytes, [])).toEqual({ flows: count, rows: 0, problem: null });
    track.dump(
      FLOWS.slice(0, count).map((flow) => ({ ...flow, counters: [3000, 30, 4000, 40] })),
      1000,
    );
    const rows = track
      .collect(1010)
      .map((row) => [row.flow_id, row.revision, row.src_bytes, row.src_bytes_delta, row.nat_src_ip, row.domain]);
    expect(rows).toEqual(
      [
        ["912281252680171527", 1, 3000, 2000, null, "api.example"],
        ["912281252680171528", 1, 3000, 2900, null, "api.example"],
        ["912281252680171529", 1, 3000, 2000, "2001:db8::1", "api.example"],
      ].slice(0, count),
    );
  });
});
