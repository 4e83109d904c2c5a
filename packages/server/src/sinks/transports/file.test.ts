import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { needs } from "../../../../../test/needs.ts";
import { formatOf } from "../formats/registry.ts";
import { event } from "../formats/testing.ts";
import type { Format, Transport } from "../ports.ts";
import { FILE } from "./file.ts";
import { fileConfig } from "./file-config.ts";
import { made, NEVER } from "./testing.ts";

let dataDir: string;
let nowMs: number;
let transport: Transport | null = null;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "flowtrail-file-sink-"));
  nowMs = Date.parse("2026-11-23T06:00:00.123Z");
});
afterEach(async () => {
  await transport?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const directory = () => join(dataDir, "sinks", "test");
const names = async () => (await readdir(directory())).sort();
async function start(config: object = {}, format = "flowtrail"): Promise<Transport> {
  await transport?.close();
  transport = made(FILE, fileConfig.parse({ kind: "file", ...config }), {
    dataDir,
    format: formatOf(format) as Format,
    now: () => nowMs,
  });
  await transport.open(NEVER);
  return transport;
}
const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => event({ flow_id: String(from + i), domain: "a\nb" }));
async function ids(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await names()) {
    const bytes = await readFile(join(directory(), name));
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    found.push(...text.split("\n").flatMap((line) => (line === "" ? [] : [String(JSON.parse(line).flow_id)])));
  }
  return found;
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => String(i));

it("writes lines, begins a new file by size and by age, compresses the last one and keeps so many", async () => {
  const file = await start({ max_bytes: 10_000, keep: 2, max_age_s: 60 });
  expect(await file.send(events(0, 3), NEVER)).toEqual({ kind: "taken" });
  expect(await names()).toEqual(["20261123T060000.123Z.flowtrail.ndjson.part"]);
  for (let at = 3; at < 12; at += 3) await file.send(events(at, 3), NEVER);
  expect(await ids()).toEqual(upTo(12));
  expect((await names()).every((name) => /^20261123T060000\.\d{3}Z\.flowtrail\.ndjson(\.gz|\.part)$/.test(name))).toBe(true);
  expect((await names()).filter((name) => name.endsWith(".part"))).toHaveLength(1);
  nowMs += 61_000;
  await file.send(events(12, 1), NEVER);
  expect((await names()).at(-1)).toBe("20261123T060101.123Z.flowtrail.ndjson.part");
  for (let i = 0; i < 4; i++) {
    nowMs += 61_000;
    await file.send(events(20 + i, 1), NEVER);
  }
  expect((await names()).filter((name) => name.endsWith(".gz"))).toHaveLength(2);
});

it("goes on after a crash in the middle of a line, of a compression and of a rotation", async () => {
  const file = await start();
  await file.send(events(0, 2), NEVER);
  const [part = ""] = await names();
  await appendFile(join(directory(), part), '{"flow_id":"half');
  await writeFile(join(directory(), "20261123T050000.000Z.flowtrail.ndjson.gz.tmp"), "half");
  await writeFile(join(directory(), "20261123T040000.000Z.flowtrail.ndjson"), '{"flow_id":"old"}\n');
  await (await start()).send(events(2, 1), NEVER);
  expect(await ids()).toEqual(["old", "0", "1", "2"]);
  expect(await names()).toEqual(["20261123T040000.000Z.flowtrail.ndjson.gz", part]);
  // Another format, which has the same extension.
  nowMs += 1000;
  await (await start({}, "ecs")).send(events(3, 1), NEVER);
  expect(await names()).toEqual([
    "20261123T040000.000Z.flowtrail.ndjson.gz",
    part.replace(".part", ".gz"),
    "20261123T060001.123Z.ecs.ndjson.part",
  ]);
});

it("begins each file with the first line of its format", async () => {
  const file = await start({ gzip: false, max_age_s: 10 }, "vpc-v2");
  for (let i = 0; i < 3; i++) {
    await file.send([event()], NEVER);
    nowMs += 11_000;
  }
  const all = await names();
  expect(all).toHaveLength(3);
  for (const name of all) {
    const lines = (await readFile(join(directory(), name), "utf8")).split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["version", "2", "2", ""]);
  }
});

it("may be tried while it runs: each writes files of its own", async () => {
  const file = await start();
  await file.send(events(0, 2), NEVER);
  const [part = ""] = await names();
  const second = made(FILE, fileConfig.parse({ kind: "file" }), { dataDir, now: () => nowMs });
  await second.open(NEVER);
  await second.send(events(10, 1), NEVER);
  await file.send(events(2, 1), NEVER);
  await second.close();
  await file.send(events(3, 1), NEVER);
  expect(await ids()).toEqual(["0", "1", "2", "3", "10"]);
  expect(await names()).toEqual([part, "20261123T060000.124Z.flowtrail.ndjson.gz"]);
  // Opened again, as after a failure.
  await file.open(NEVER);
  await file.send(events(4, 1), NEVER);
  expect(await ids()).toEqual(["0", "1", "2", "3", "4", "10"]);
});

it("parks what its format can't tell, and keeps the others", async () => {
  const format = { ...(formatOf("flowtrail") as Format & { kind: "lines" }) };
  const line = (each: ReturnType<typeof event>) => {
    if (each.flow.flow_id === "1") throw new Error("no");
    return format.line(each);
  };
  transport = made(FILE, fileConfig.parse({ kind: "file" }), { dataDir, format: { ...format, line } });
  await transport.open(NEVER);
  expect(await transport.send(events(0, 3), NEVER)).toEqual({
    kind: "partly",
    refused: [{ index: 1, reason: "format", message: "no" }],
    again: [],
    retryAfterMs: null,
  });
  expect(await ids()).toEqual(["0", "2"]);
});

it.skipIf(!needs("a full disk of a sink", "root"))("waits while the disk is full, and has no half lines then", async () => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "flowtrail-test", dataDir]);
  try {
    const file = await start();
    let taken = 0;
    let result = await file.send(events(0, 20), NEVER);
    for (; result.kind === "taken" && taken < 10_000; result = await file.send(events(taken, 20), NEVER)) taken += 20;
    expect(result).toMatchObject({ kind: "not_now", reason: "disk_full" });
    expect(taken).toBeGreaterThan(0);
    expect(await ids()).toEqual(upTo(taken));
    execFileSync("mount", ["-o", "remount,size=1m", dataDir]);
    expect(await file.send(events(taken, 20), NEVER)).toEqual({ kind: "taken" });
    expect(await ids()).toEqual(upTo(taken + 20));
    await file.close();
  } finally {
    execFileSync("umount", [dataDir]);
  }
});
