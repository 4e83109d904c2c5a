import { mkdtempSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { InventoryFile } from "./file.ts";

let directory: string;
let path: string;
let file: InventoryFile | null = null;
const versions: string[][] = [];
const logged: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flowtrail-inventory-"));
  path = join(directory, "inventory.yaml");
  versions.length = 0;
  logged.length = 0;
});
afterEach(() => {
  file?.stop();
  rmSync(directory, { recursive: true });
});

async function watch(): Promise<InventoryFile> {
  const log = (_: object, message: string) => logged.push(message);
  file = new InventoryFile(
    { path, pollMs: 10 },
    {
      logger: { info: log, warn: log },
      now: () => 42,
      onChange: ({ networks }) => versions.push(networks.map(({ id }) => id)),
    },
  );
  await file.start();
  return file;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

it("is read at the start and after each edit, in place or by renaming", async () => {
  writeFileSync(path, "networks: [{id: a}]");
  const { state } = await watch();
  expect(versions).toEqual([["a"]]);
  expect(state).toEqual({ name: "file", kind: "file", where: path, lastSyncMs: 42, error: null, nextTryMs: 52 });
  writeFileSync(path, "networks: [{id: a}, {id: b}]");
  await until(() => versions.length === 2);
  writeFileSync(`${path}.new`, "networks: [{id: c}]");
  renameSync(`${path}.new`, path);
  await until(() => versions.length === 3);
  expect(versions.at(-1)).toEqual(["c"]);
});

it("keeps the last good one after a broken edit and says where it broke, once", async () => {
  writeFileSync(path, "networks: [{id: a}]");
  const watched = await watch();
  writeFileSync(path, "networks:\n  - id: a\n    rangse: []\n");
  await until(() => watched.state.error !== null);
  expect(watched.state.error).toContain(`${path}:3: networks.0: Unrecognized key: "rangse"`);
  expect(versions).toEqual([["a"]]);
  writeFileSync(path, "networks: [{id: a},   {id: fixed}]");
  await until(() => versions.length === 2);
  expect(watched.state.error).toBeNull();
  expect(logged.filter((message) => message.includes("last good"))).toHaveLength(1);
});

it("is well again when the last good one is put back as it was", async () => {
  writeFileSync(path, "networks: [{id: a}]");
  const { atime, mtime } = statSync(path);
  const whole = new Date(Math.floor(mtime.getTime() / 1000) * 1000);
  utimesSync(path, atime, whole);
  const watched = await watch();
  renameSync(path, `${path}.good`);
  writeFileSync(path, "networks: [");
  await until(() => watched.state.error !== null);
  expect(watched.state.error).toContain("no YAML");
  renameSync(`${path}.good`, path);
  await until(() => watched.state.error === null);
  expect(versions).toEqual([["a"]]);
});

it("does not take an emptied file for an empty inventory", async () => {
  writeFileSync(path, "networks: [{id: a}]");
  const watched = await watch();
  writeFileSync(path, "");
  await until(() => watched.state.error !== null);
  expect(watched.state.error).toContain("is empty");
  writeFileSync(path, "networks: []");
  await until(() => versions.length === 2);
  expect(versions).toEqual([["a"], []]);
});

it("does not read what is no inventory by its size", async () => {
  writeFileSync(path, "networks: [{id: a}]");
  truncateSync(path, 17 * 2 ** 20);
  const watched = await watch();
  expect(watched.state.error).toContain("17825792 bytes");
});

it("may come later than the server", async () => {
  const watched = await watch();
  expect(watched.state).toMatchObject({ lastSyncMs: null, error: expect.stringContaining("ENOENT") });
  expect(versions).toEqual([]);
  writeFileSync(path, "networks: [{id: a}]");
  await until(() => versions.length === 1);
});
