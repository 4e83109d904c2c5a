/** `flowtrail inventory replay`: name the ends of stored flows again, after a mistake of the inventory. Says what would change before it changes anything. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { CliError } from "../errors.ts";
import { callServer, type LocalServer, requireServer } from "../local-server.ts";

interface Replay {
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly from: string;
  readonly to: string;
  readonly rows_read: number;
  readonly rows_changed: number;
  readonly now_primary: number;
  readonly no_longer_primary: number;
  readonly changes: readonly { readonly what: string; readonly rows: number }[];
  readonly at: string | null;
  readonly error: string | null;
}

interface ReplayOptions {
  readonly data: string;
  readonly from: string;
  readonly to: string;
  readonly network?: string;
  readonly inventory: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const URL = "/api/inventory/replay";
const POLL_MS = 500;

/** @param data adds the option that names the server's data directory */
export function addReplayCommand(inventory: Command, data: (command: Command) => Command): void {
  data(
    inventory
      .command("replay")
      .description("name the ends of stored flows again, after a mistake; without --yes only says what would change"),
  )
    .requiredOption("--from <time>", "first start of the flows: -2d, 2026-11-22T09:50:00Z, …")
    .option("--to <time>", "as --from; not in the range itself", "now")
    .option("--network <id>", "flows of this network only")
    .addOption(
      new Option("--inventory <which>", "now: as it stands holds for that time, too; then: as it was when each flow began")
        .choices(["now", "then"])
        .default("now"),
    )
    .option("--yes", "change the rows")
    .option("--json", "as JSON")
    .action(replay);
}

async function replay({ data, yes = false, json = false, ...query }: ReplayOptions): Promise<void> {
  const server = requireServer(data);
  const { from, to, network, inventory } = query;
  const body = { from, to, inventory, ...(network === undefined ? {} : { network }) };
  const found = await toItsEnd(server, { ...body, dry_run: true });
  if (!json) tell(found);
  // The same time, whatever "now" is meanwhile.
  const done = yes ? await toItsEnd(server, { ...body, from: found.from, to: found.to, dry_run: false }) : null;
  if (json) print(JSON.stringify({ dry_run: found, done }, null, 2));
  else if (done !== null) print(`${rows(done.rows_changed)} written; flows of that time that come late are named alike`);
  else if (found.rows_changed > 0) print("Nothing was changed. With --yes it is.");
}

async function toItsEnd(server: LocalServer, body: object): Promise<Replay> {
  let job = await callServer<Replay>(server, "POST", URL, body);
  while (job.state === "waiting" || job.state === "running") {
    progress(job);
    await sleep(POLL_MS);
    job = await callServer<Replay>(server, "GET", `${URL}/${job.id}`);
  }
  progress(null);
  if (job.state === "failed")
    throw new CliError(
      { code: "REPLAY_FAILED", id: job.id },
      `the server could not do it: ${job.error}; it is safe to try again`,
    );
  return job;
}

/** For people who watch, and nobody else. */
function progress(job: Replay | null): void {
  if (!process.stderr.isTTY) return;
  const where = job?.at ? `, at flows of ${job.at}` : "";
  process.stderr.write(job === null ? "\r\x1b[K" : `\r\x1b[K${rows(job.rows_read)} read${where}`);
}

function tell({ from, to, rows_read, rows_changed, now_primary, no_longer_primary, changes }: Replay): void {
  print(`Flows that began from ${from} to ${to}: ${rows(rows_read)} read, ${rows(rows_changed)} would change`);
  for (const { what, rows: count } of changes) print(`  ${what}: ${rows(count)}`);
  if (now_primary + no_longer_primary > 0)
    print(`  totals: ${rows(now_primary)} would count, ${rows(no_longer_primary)} would not count any more`);
}

const rows = (count: number) => `${count.toLocaleString("en-US")} ${count === 1 ? "row" : "rows"}`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
