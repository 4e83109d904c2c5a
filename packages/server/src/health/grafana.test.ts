/** docs/grafana/flowtrail.json asks only for what /metrics has, and is what Grafana takes (grafana.com/docs: "Dashboard JSON model", Classic). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { z } from "zod";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";

const gridPos = z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1).max(24), h: z.int().min(1) });
const datasource = z.strictObject({ type: z.literal("prometheus"), uid: z.literal(`$${"{datasource}"}`) });
const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource,
  expr: z.string().min(1),
  legendFormat: z.string(),
  range: z.literal(true),
});
const shown = {
  id: z.int().positive(),
  title: z.string().min(1),
  description: z.string().min(1),
  gridPos,
  datasource,
  targets: z.array(target).min(1),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }), overrides: z.array(z.never()) }),
  options: z.record(z.string(), z.unknown()),
};
const panel = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("row"),
    id: shown.id,
    title: shown.title,
    collapsed: z.literal(false),
    gridPos,
    panels: z.array(z.never()),
  }),
  z.strictObject({ type: z.literal("stat"), ...shown }),
  z.strictObject({ type: z.literal("timeseries"), ...shown }),
]);
const dashboard = z.object({
  uid: z.literal("flowtrail"),
  title: z.string().min(1),
  schemaVersion: z.int().min(36),
  editable: z.boolean(),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  annotations: z.strictObject({ list: z.array(z.never()) }),
  templating: z.strictObject({ list: z.array(z.object({ name: z.string(), type: z.enum(["datasource", "query"]) })) }),
  panels: z.array(panel).min(20),
});

const file: unknown = JSON.parse(readFileSync(new URL("../../../../docs/grafana/flowtrail.json", import.meta.url), "utf8"));
const { panels, templating } = dashboard.parse(file);
const targets = panels.flatMap((one) => (one.type === "row" ? [] : one.targets.map((each) => ({ ...each, panel: one.title }))));

vi.setConfig({ testTimeout: 60_000 });
let test: TestServer;
let metrics: string;
beforeAll(async () => {
  test = await startTestServer();
  metrics = (await test.ask<string>("GET", "/metrics")).body;
});
afterAll(() => test.stop());

it("asks for metrics that there are", () => {
  const names = new Set(
    [...metrics.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
  const asked = targets.flatMap(({ expr, panel: title }) =>
    [...expr.matchAll(/\b(\w+)\{/g)].map(([, name = ""]) => ({ title, name })),
  );
  expect(asked.length).toBeGreaterThanOrEqual(targets.length);
  expect(asked.filter(({ name }) => !names.has(name))).toEqual([]);
});

it("is told nothing of what there is not: a certificate that ended in 1970 would wake somebody", () => {
  expect(metrics).not.toMatch(/^flowtrail_(tls_\w+|store_full_in_days)\b/m);
  expect(metrics).toMatch(/^flowtrail_http_connections \d/m);
});

it("sees a sink: what was handed over to its files, as they are on the disk", async () => {
  const sink = { name: "Files", format: "ecs", transport: { kind: "file" } };
  expect(await test.ask("PUT", "/api/sinks/files", { body: sink })).toMatchObject({ status: 200 });
  const status = async () => (await test.ask<{ status: unknown }>("GET", "/api/sinks/files")).body.status;
  await expect.poll(status, { timeout: 30_000, interval: 200 }).not.toBeNull();
  await test.deliver(await test.agentToken("debian"), [rowNow()]);
  const taken = async () => (await test.ask<string>("GET", "/metrics")).body;
  await expect.poll(taken, { timeout: 30_000, interval: 300 }).toMatch(/^flowtrail_sink_records_taken\{kind="file"\} 1$/m);
  const directory = join(test.data, "sinks", "files");
  const [name = ""] = readdirSync(directory);
  const lines = readFileSync(join(directory, name), "utf8").split("\n");
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    ecs: { version: "9.4.0" },
    source: { bytes: 60 },
    observer: { name: "debian" },
  });
});

it("has panels that each have a place of their own", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Map<string, string>();
  for (const { gridPos: at, title } of panels) {
    expect(at.x + at.w, title).toBeLessThanOrEqual(24);
    for (let x = at.x; x < at.x + at.w; x++)
      for (let y = at.y; y < at.y + at.h; y++) {
        expect(taken.get(`${x},${y}`), title).toBeUndefined();
        taken.set(`${x},${y}`, title);
      }
  }
});

it("narrows each question by the variables that it has", () => {
  const variables = templating.list.map(({ name }) => name);
  expect(variables).toEqual(["datasource", "job", "instance"]);
  for (const { expr } of targets) {
    const selectors = [...expr.matchAll(/\w+\{([^}]*)\}/g)].map(([, inner]) => inner);
    expect(
      selectors.every((inner) => inner?.startsWith('job=~"$job",instance=~"$instance"')),
      expr,
    ).toBe(true);
    expect((expr.match(/\(/g) ?? []).length).toBe((expr.match(/\)/g) ?? []).length);
  }
});
