import type { Alert } from "@flowtrail/model";
import { expect, it } from "vitest";
import { plain } from "../terminal/style.ts";
import { alertLine, alertTable, idLength } from "./alerts-text.ts";

const alert = (id: string, change: Partial<Alert> = {}): Alert => ({
  id,
  rule: "port-scan",
  rule_name: "Port scan",
  severity: "high",
  state: "open",
  summary: "officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
  labels: {},
  value: 412,
  limit: 100,
  mitre: ["T1046"],
  since: "2026-11-23T06:00:00.000Z",
  last: "2026-11-23T06:01:00.000Z",
  until: null,
  ended: null,
  by: null,
  note: null,
  q: "src.name=officegw",
  from: "2026-11-23T06:00:00.000Z",
  to: "2026-11-23T06:00:40.000Z",
  ...change,
});

it("shows as much of an id as tells alerts apart", () => {
  expect(idLength([])).toBe(8);
  expect(idLength([alert("port-scan-aaa1"), alert("port-scan-aab2"), alert("other-000000")])).toBe(13);
  expect(idLength([alert("port-scan-1"), alert("port-scan-1")])).toBe(8);
});

it("fits a terminal, and lets no summary steer it", () => {
  const alerts = [
    alert("port-scan-1"),
    alert("port-scan-2", { summary: "evil\x1b[2J".repeat(20), by: "ana", state: "acknowledged" }),
  ];
  for (const width of [80, 200]) {
    const lines = alertTable(alerts, { utc: true }, { style: plain, width });
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.join("")).not.toContain("\x1b");
    expect(lines[0]?.includes("BY")).toBe(width === 200);
  }
  expect(alertLine(alerts[1] ?? alert(""), { utc: true }, plain)).toMatch(
    /^2026-11-23 06:00:00 {2}acknowledged \(high\) {2}evil\\x1b\[2J/,
  );
  const over = alert("a", { state: "resolved", ended: "2026-11-23T07:00:00.000Z" });
  expect(alertLine(over, { utc: true }, plain)).toMatch(/^2026-11-23 07:00:00 {2}resolved \(high\)/);
});
