/** `flowtrail store`: how large it is, what is kept how long, and what must not be deleted. */
import { type LegalHold, parseDuration, type StoreReport } from "@flowtrail/model";
import { nearest } from "@flowtrail/settings";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { callServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { addBackupCommands } from "./store-backup.ts";
import { addMoveCommand } from "./store-move.ts";
import { holdLine, policyLines, statusLines } from "./store-report.ts";

const URL = "/api/settings/retention";
const DAY_MS = 86_400_000;
/** What --set may name. */
const PERIODS = ["flows", "deltas", "minutes", "hours", "rejected", "batches"];

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

export function addStoreCommands(program: Command): void {
  const store = program.command("store").description("how large the store is, what is kept how long, what must not be deleted");
  const data = (command: Command) => command.addOption(dataOption("data directory of the server on this machine"));

  data(store.command("status").description("sizes, what goes next, and when it will be full"))
    .option("--json", "as JSON")
    .action(status);
  data(store.command("retention").description("what is kept how long; with --set, set it"))
    .option(
      "--set <name=value>",
      `${PERIODS.join(", ")}: 90d, 2w, …; max_size: 200GiB, 80% or none; default: as configured. May be repeated`,
      (text: string, before: readonly string[]) => [...before, text],
      [] as readonly string[],
    )
    .option("--dry-run", "only say what would be deleted")
    .option("--json", "as JSON")
    .action(retention);
  data(store.command("history").description("who set what, newest first"))
    .option("--limit <count>", "most changes to show", "100")
    .option("--json", "as JSON")
    .action(history);

  addBackupCommands(store);
  addMoveCommand(store);

  const hold = store.command("hold").description("legal holds: flows of a time that are not deleted, whatever their age");
  data(hold.command("add").description("keep what was active in a time"))
    .requiredOption("--from <time>", "-30d, 2026-11-22T09:50:00Z, …")
    .option("--to <time>", "as --from; not in the range itself (default: it goes on until it is released)")
    .option("--network <id>", "flows of this network only")
    .requiredOption("--reason <text>", "why: it is kept with the hold")
    .option("--json", "as JSON")
    .action(addHold);
  data(hold.command("list").description("all of them, the released ones, too")).option("--json", "as JSON").action(listHolds);
  data(hold.command("release").description("end one: what only it kept is deleted within a minute"))
    .argument("<id>", "as hold list shows it")
    .option("--json", "as JSON")
    .action(releaseHold);
}

async function status({ data, json = false }: Options): Promise<void> {
  const report = await callServer<StoreReport>(requireServer(data), "GET", URL);
  print(json ? [JSON.stringify(report, null, 2)] : statusLines(report));
}

async function retention(options: Options & { readonly set: readonly string[]; readonly dryRun?: boolean }): Promise<void> {
  const { data, set, dryRun = false, json = false } = options;
  const change = Object.fromEntries(set.map(settingOf));
  const server = requireServer(data);
  const report =
    set.length === 0
      ? await callServer<StoreReport>(server, "GET", URL)
      : await callServer<StoreReport>(server, "PUT", dryRun ? `${URL}?dry_run=true` : URL, change);
  if (json) return print([JSON.stringify(report, null, 2)]);
  print(policyLines(report, dryRun ? "would be" : "is"));
  if (dryRun && set.length > 0) print(["Nothing was set. Without --dry-run it is."]);
}

/** `flows=90d` → `["flows_days", 90]`. @throws CliError USAGE */
function settingOf(text: string): [string, number | string | null] {
  const [, name = "", value = ""] = /^([a-z_]+)=(.+)$/.exec(text) ?? [];
  const names = [...PERIODS, "max_size"];
  if (!names.includes(name)) {
    const near = nearest(name || text, names);
    throw usage(
      `--set ${text}: expected NAME=VALUE, NAME one of ${names.join(", ")}${near === null ? "" : `; did you mean ${near}?`}`,
    );
  }
  const key = name === "max_size" ? name : `${name}_days`;
  if (value === "default") return [key, null];
  if (name === "max_size") return [key, value];
  const days = (parseDuration(value) ?? Number.NaN) / DAY_MS;
  if (!Number.isInteger(days) || days < 1) throw usage(`--set ${text}: expected whole days, such as ${name}=90d or ${name}=2w`);
  return [key, days];
}

interface Change {
  readonly time: string;
  readonly who: string;
  readonly what: string;
}

async function history({ data, limit, json = false }: Options & { readonly limit: string }): Promise<void> {
  const path = `/api/settings/history?${new URLSearchParams({ limit })}`;
  const { changes } = await callServer<{ changes: readonly Change[] }>(requireServer(data), "GET", path);
  if (json) return print([JSON.stringify(changes, null, 2)]);
  print(changes.length === 0 ? ["nothing was set yet"] : changes.map(({ time, who, what }) => `${time}  ${what}  (${who})`));
}

interface NewHold extends Options {
  readonly from: string;
  readonly to?: string;
  readonly network?: string;
  readonly reason: string;
}

async function addHold({ data, json = false, from, to, network, reason }: NewHold): Promise<void> {
  const body = { from, reason, ...(to === undefined ? {} : { to }), ...(network === undefined ? {} : { network }) };
  const hold = await callServer<LegalHold>(requireServer(data), "POST", `${URL}/holds`, body);
  print([json ? JSON.stringify(hold, null, 2) : holdLine(hold)]);
}

async function listHolds({ data, json = false }: Options): Promise<void> {
  const { holds } = await callServer<{ holds: readonly LegalHold[] }>(requireServer(data), "GET", `${URL}/holds`);
  if (json) return print([JSON.stringify(holds, null, 2)]);
  print(holds.length === 0 ? ["there are none"] : holds.map(holdLine));
}

async function releaseHold(id: string, { data, json = false }: Options): Promise<void> {
  const path = `${URL}/holds/${encodeURIComponent(id)}/release`;
  const hold = await callServer<LegalHold>(requireServer(data), "POST", path, {});
  print([json ? JSON.stringify(hold, null, 2) : holdLine(hold)]);
}

const usage = (message: string) => new CliError({ code: "USAGE" }, message);

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
