/** `flowtrail store backup|backups|restore`. */
import { setTimeout as delay } from "node:timers/promises";
import { formatBytes, formatCount } from "@flowtrail/model";
import { loadConfig, type RestoreSummary, restoreOffline } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { callServer, findLocalServer, type LocalServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";

const URL = "/api/store/backups";
const LOOK_MS = 500;

interface Backup {
  readonly name: string;
  readonly base: string | null;
  readonly state: "running" | "done" | "failed";
  readonly started: string;
  readonly bytes: number;
  readonly rows: number;
  readonly error: string | null;
}

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

export function addBackupCommands(store: Command): void {
  const data = (command: Command, description: string) => command.addOption(dataOption(description));
  const server = "data directory of the server on this machine";

  data(store.command("backup").description("write all of the store to a file, while the server goes on"), server)
    .option("--name <name>", "of the backup; default: made of the time")
    .option("--base <name>", "an earlier, whole backup: only what is new since then is written; a restore needs both")
    .option("--json", "as JSON")
    .action(backup);
  data(store.command("backups").description("backups, newest first"), server).option("--json", "as JSON").action(list);
  data(
    store.command("restore").description("make a store of a backup. No server may have the data directory open"),
    "data directory to restore to",
  )
    .requiredOption(
      "--from <file>",
      "the backup (NAME.tar; one with a base: both in the same directory); with --store-url its name",
    )
    .option("--set-aside", "rename the store that is there, instead of refusing")
    .option("--store-url <url>", "a ClickHouse server to restore to, instead of the embedded engine")
    .option("--store-backup-disk <name>", "disk of that ClickHouse that the backup is on")
    .option("--store-user <name>", "user there", "default")
    .option("--store-password-file <file>", "file that holds the user's password")
    .option("--store-database <name>", "database there: it must be empty", "flowtrail")
    .option("--json", "as JSON")
    .action(restore);
}

async function backup({ data, json = false, name, base }: Options & { name?: string; base?: string }): Promise<void> {
  const server = requireServer(data);
  const begun = await callServer<Backup>(server, "POST", URL, { name, base });
  const done = await followed(server, begun);
  if (json) process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
  else if (done.state === "done") process.stdout.write(`${done.name}: ${line(done)}\n`);
  if (done.state !== "done") throw new CliError({ code: "BACKUP_FAILED" }, `the backup ${done.name} failed: ${done.error}`);
}

async function followed(server: LocalServer, begun: Backup): Promise<Backup> {
  for (let now = begun; ; ) {
    if (now.state !== "running") return now;
    tell(`${now.name}: ${formatBytes(now.bytes)} so far`);
    await delay(LOOK_MS);
    now = await callServer<Backup>(server, "GET", `${URL}/${encodeURIComponent(now.name)}`);
  }
}

async function list({ data, json = false }: Options): Promise<void> {
  const { backups } = await callServer<{ backups: readonly Backup[] }>(requireServer(data), "GET", URL);
  const lines = backups.map(
    (one) => `${one.started}  ${one.name}  ${line(one)}${one.base === null ? "" : `, goes on from ${one.base}`}`,
  );
  process.stdout.write(json ? `${JSON.stringify(backups, null, 2)}\n` : `${lines.join("\n") || "there are none"}\n`);
}

function line({ state, bytes, rows, error }: Backup): string {
  return state === "failed" ? `failed: ${error}` : `${state}, ${formatBytes(bytes)}, ${formatCount(rows)} rows`;
}

interface RestoreOptions extends Options {
  readonly from: string;
  readonly setAside?: boolean;
  readonly storeUrl?: string;
  readonly storeBackupDisk?: string;
  readonly storeUser: string;
  readonly storePasswordFile?: string;
  readonly storeDatabase: string;
}

async function restore(options: RestoreOptions): Promise<void> {
  const { data, from, setAside = false, json = false } = options;
  const server = findLocalServer(data);
  if (server) throw new CliError({ code: "USAGE" }, `a server runs on ${data} (process ${server.pid}): stop it first`);
  const given = {
    data,
    "store.url": options.storeUrl,
    "store.backup_disk": options.storeBackupDisk,
    "store.user": options.storeUser,
    "store.password_file": options.storePasswordFile,
    "store.database": options.storeDatabase,
  };
  const flags = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  // Nothing of the environment: what a server is told there is not what is said here.
  const config = loadConfig(Object.fromEntries(flags), undefined, {});
  const onProgress = (bytes: number) => tell(`${formatBytes(bytes)} so far`);
  const summary = await restoreOffline(config, { from, setAside, onProgress });
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : `${summaryLines(summary).join("\n")}\n`);
}

function summaryLines({ tables, setAsideTo }: RestoreSummary): string[] {
  const held = tables.filter(({ rows }) => rows > 0);
  return [
    ...held.map(({ table, rows }) => `${table.padEnd(26)} ${formatCount(rows).padStart(15)} rows`),
    "Restored, and read again: all of it is as its checksums say.",
    ...(setAsideTo === null ? [] : [`The store that was there is ${setAsideTo} now: delete it when it is not needed any more.`]),
  ];
}

let toldAtMs = 0;

function tell(text: string): void {
  if (Date.now() - toldAtMs < LOOK_MS) return;
  toldAtMs = Date.now();
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
