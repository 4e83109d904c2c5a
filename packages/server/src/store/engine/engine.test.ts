import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engineConfig, memoryLogger, startTestEngine, type TestEngine, temporaryDirectory } from "../testing.ts";
import { EmbeddedEngine } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { findLibrary } from "./library.ts";

/** A zombie has ended: an orphan waits for init to collect it. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await delay(20);
}

describe("the embedded engine", () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await startTestEngine();
  });
  afterEach(async () => {
    await test.stop();
  });

  const createTable = () =>
    test.clickhouse.command("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1");
  const total = async () => (await test.clickhouse.rows<{ n: string }>("SELECT sum(a) AS n FROM t"))[0]?.n;

  it("answers, and keeps its data over a clean restart", async () => {
    await createTable();
    await test.clickhouse.insert("t", ["a"], "JSONEachRow", '{"a":"9007199254740993"}\n');
    expect(await total()).toBe("9007199254740993");
    const { pid } = test.engine.status;
    await test.stop({ keep: true });
    expect(pid && alive(pid)).toBe(false);
    expect(readdirSync(test.dataDir)).toEqual(["clickhouse"]);
    test = await startTestEngine({ dataDir: test.dataDir });
    expect(await total()).toBe("9007199254740993");
  });

  it("is started again after kill -9, with what was acknowledged, and the client follows to its new port", async () => {
    await createTable();
    await test.clickhouse.insert("t", ["a"], "JSONEachRow", '{"a":1}\n{"a":2}\n');
    const before = await test.engine.endpoint(0);
    const { pid } = test.engine.status;
    process.kill(pid ?? 0, "SIGKILL");
    await until(() => test.engine.status.state !== "up");
    expect(test.engine.status).toMatchObject({ state: "restarting", lastError: "died (SIGKILL)" });
    expect(await test.clickhouse.ping()).toMatchObject({ ok: false, error: { code: "STORE_UNAVAILABLE" } });
    expect(await total()).toBe("3"); // waits for it
    expect(test.engine.status).toMatchObject({ state: "up", restarts: 1 });
    expect((await test.engine.endpoint(0))?.url).not.toBe(before?.url);
  });

  it("is closed to whoever does not have its key and password, and to commands that are none of our business", async () => {
    const endpoint = await test.engine.endpoint(0);
    if (endpoint === null) throw new Error("no endpoint");
    const { url, username, password, headers } = endpoint;
    const ask = (sql: string, user: string, extra: Record<string, string>) =>
      fetch(`${url}/?query=${encodeURIComponent(sql)}`, {
        headers: { authorization: `Basic ${btoa(`${user}:${password}`)}`, connection: "close", ...extra },
      });
    expect((await ask("SELECT 1", username, {})).status).toBe(404);
    expect((await ask("SELECT 1", "default", {})).status).toBe(404);
    expect((await ask("SELECT 1", username, { "X-Flowtrail-Key": "guess" })).status).toBe(404);
    expect((await fetch(url, { headers: { connection: "close" } })).status).toBe(404);
    expect((await ask("SELECT 1", username, { ...headers })).status).toBe(200);
    for (const sql of [
      "SELECT * FROM file('/etc/passwd')",
      "SELECT * FROM url('http://127.0.0.1/', CSV)",
      "CREATE DATABASE other",
    ]) {
      const answer = await ask(sql, username, { ...headers });
      expect([sql, answer.headers.get("x-clickhouse-exception-code")]).toEqual([sql, "497"]);
    }
  });

  it("keeps its secrets in files of its own, out of the command line and the log", async () => {
    const endpoint = await test.engine.endpoint(0);
    const secrets = [endpoint?.password ?? "?", Object.values(endpoint?.headers ?? {})[0] ?? "?"];
    const commandLine = readFileSync(`/proc/${test.engine.status.pid}/cmdline`, "utf8");
    const environment = readFileSync(`/proc/${test.engine.status.pid}/environ`, "utf8");
    await expect(test.clickhouse.rows("SELECT nonsense")).rejects.toMatchObject({ code: "STORE_QUERY" });
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(30);
      for (const text of [commandLine, environment, test.logger.lines.join()]) expect(text).not.toContain(secret);
    }
    const run = readdirSync(test.dataDir).find((name) => name.startsWith("run-")) ?? "";
    expect(statSync(join(test.dataDir, run)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(test.dataDir, run))) {
      expect([name, statSync(join(test.dataDir, run, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  it("refuses a second server on its directory and names the first one", async () => {
    const second = new EmbeddedEngine(engineConfig(test.dataDir), { logger: memoryLogger() });
    const error = await second.start().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ data: { code: "ENGINE_LOCKED", path: test.dataDir, pid: process.pid } });
    expect(String(error)).toContain(`process id ${process.pid}`);
    expect(second.status.state).toBe("stopped");
    expect(await test.clickhouse.ping()).toMatchObject({ ok: true });
    expect(readdirSync(test.dataDir).filter((name) => name.startsWith("run-"))).toHaveLength(1);
  });
});

describe("without a running engine", () => {
  it("ends with a parent that is killed, even in the middle of a query, and a new server takes the directory over", async () => {
    const dataDir = await temporaryDirectory();
    const parent = spawn(process.execPath, [fileURLToPath(new URL("./test-parent.ts", import.meta.url)), dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const enginePid = Number(line.toString());
    expect(alive(enginePid)).toBe(true);
    parent.kill("SIGKILL");
    const next = await startTestEngine({ dataDir });
    await until(() => !alive(enginePid)); // it lets go of the directory a moment before it is gone
    expect(await next.clickhouse.rows("SELECT a FROM t")).toEqual([{ a: "7" }]);
    await next.stop();
  });

  it("says who to ask when the directory can't be written", async () => {
    const dataDir = await temporaryDirectory();
    const file = join(dataDir, "file");
    writeFileSync(file, "");
    const engine = new EmbeddedEngine(engineConfig(join(file, "store")), { logger: memoryLogger() });
    await expect(engine.start()).rejects.toMatchObject({ data: { code: "ENGINE_DATA_DIR", errno: "ENOTDIR" } });
    rmSync(dataDir, { recursive: true });
  });

  it("says what to do where there is no library", () => {
    expect(() => findLibrary("linux", "riscv64")).toThrow(/store\.url/);
    expect(() => findLibrary("win32", "x64")).toThrow(EngineError);
  });

  it("says why it did not start", async () => {
    const dataDir = await temporaryDirectory();
    mkdirSync(join(dataDir, "clickhouse/metadata"), { recursive: true });
    writeFileSync(join(dataDir, "clickhouse/metadata/flowtrail.sql"), "damaged");
    const engine = new EmbeddedEngine(engineConfig(dataDir), { logger: memoryLogger() });
    const error = await engine.start().catch((e: unknown) => e);
    expect(error).toMatchObject({ data: { code: "ENGINE_START" } });
    expect(String(error)).toContain("metadata/flowtrail.sql");
    expect(readdirSync(dataDir)).toEqual(["clickhouse"]);
    rmSync(dataDir, { recursive: true });
  });
});
