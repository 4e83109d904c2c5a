import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AgentLogger } from "./logger.ts";
import { type AgentStatus, StatusReporter } from "./status.ts";
import { Throttle } from "./throttle.ts";

let dir = "";
let logged: { level: string; details: Record<string, unknown>; message: string }[] = [];
const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [
    level,
    (details: Record<string, unknown>, message: string) => logged.push({ level, details, message }),
  ]),
) as unknown as AgentLogger;
const status = (opened: number, drops: Record<string, number>): AgentStatus => ({
  version: "1",
  pid: 1,
  node: "n",
  server: "http://x",
  started: "",
  updated: "",
  state: "running",
  problems: [],
  networks: [],
  flows: { open: 3, opened, ended: 0, lost: 0, rows: opened * 2 },
  drops,
  capture: {},
  names: {},
  denied: {},
  sysctls: [],
  spool: { batches: 2, bytes: 2048 },
  ship: { state: "idle", accepted: opened },
  memory: { rss_bytes: 1 << 20 },
});

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-status-"));
  logged = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

describe("the status", () => {
  it("is a file at all times, and a line a minute with what was added in it", () => {
    let now = status(10, { self: 1, icmp_off: 0 });
    const reporter = new StatusReporter(dir, { read: () => now, log });
    reporter.start();
    const read = (): AgentStatus => JSON.parse(readFileSync(join(dir, "status.json"), "utf8")) as AgentStatus;
    expect(read()).toEqual(now);
    now = status(25, { self: 4, icmp_off: 0 });
    vi.advanceTimersByTime(60_000);
    expect(read().flows.opened).toBe(25);
    expect(logged).toMatchObject([
      {
        level: "info",
        details: { open: 3, opened: 15, rows: 30, accepted: 15, dropped: { self: 3 }, spool: "2 batches, 2.00 KiB" },
      },
    ]);
    now = { ...now, state: "stopped" };
    reporter.stop();
    expect(read().state).toBe("stopped");
    vi.advanceTimersByTime(600_000);
    expect(logged).toHaveLength(1);
  });

  it("goes on without its file, and says so once", () => {
    rmSync(dir, { recursive: true });
    const reporter = new StatusReporter(dir, { read: () => status(1, {}), log });
    reporter.write();
    reporter.write();
    expect(logged).toMatchObject([{ level: "warn", message: "status.json can't be written" }]);
    dir = mkdtempSync(join(tmpdir(), "ft-status-"));
    chmodSync(dir, 0o755);
  });
});

describe("a throttle", () => {
  it("says a thing at once, then not for a while, and how often it was not said", () => {
    let now = 0;
    const said: number[] = [];
    const throttle = new Throttle(1000, () => now);
    for (now = 0; now <= 2000; now += 500) throttle.once("x", (unsaid) => said.push(unsaid));
    expect(said).toEqual([0, 1, 1]);
    throttle.once("y", (unsaid) => said.push(unsaid));
    throttle.forget("x");
    throttle.once("x", (unsaid) => said.push(unsaid));
    expect(said).toEqual([0, 1, 1, 0, 0]);
  });

  it("is not silent for a day because the clock was set back", () => {
    let now = 86_400_000;
    let said = 0;
    const throttle = new Throttle(1000, () => now);
    for (now of [86_400_000, 86_400_500, 500, 900]) throttle.once("x", () => said++);
    expect(said).toBe(2);
  });
});
