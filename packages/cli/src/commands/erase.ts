/** `flowtrail erase`: deletes the records of somebody, with a report. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { callServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";

interface Options {
  readonly data: string;
  readonly user?: string;
  readonly extclient?: string;
  readonly address?: string;
  readonly network?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Report {
  readonly text: string;
}

interface Job {
  readonly id: string;
  readonly state: "running" | "done";
  readonly progress: { readonly done: number; readonly tables: number };
  readonly error: string | null;
  readonly report: Report | null;
}

const LOOK_MS = 500;

export function addEraseCommand(program: Command): void {
  program
    .command("erase")
    .description("delete the records of a person on request: flows, sums that name them, refused rows; with a report")
    .addOption(dataOption("data directory of the server on this machine"))
    .option("--user <name>", "id or name of a user")
    .option("--extclient <name>", "id or name of a config file")
    .option("--address <ip>", "an address, whoever had it; with --network")
    .option("--network <id>", "of --address")
    .option("--dry-run", "only say what would be deleted, and what would be kept and why")
    .option("--yes", "delete")
    .option("--json", "the report as JSON")
    .action(erase);
}

async function erase(options: Options): Promise<void> {
  const { data, user, extclient, address, network, dryRun = false, yes = false, json = false } = options;
  if ([user, extclient, address].filter((one) => one !== undefined).length !== 1)
    throw new CliError({ code: "USAGE" }, "say whose records: --user NAME, --extclient NAME, or --address IP --network ID");
  if (dryRun && yes) throw new CliError({ code: "USAGE" }, "--dry-run and --yes contradict each other");
  const server = requireServer(data);
  const body = {
    ...(user !== undefined && { user }),
    ...(extclient !== undefined && { extclient }),
    ...(address !== undefined && { address }),
    ...(network !== undefined && { network }),
  };
  const tell = (report: Report) => process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${report.text}\n`);
  if (!yes) {
    tell(await callServer<Report>(server, "POST", "/api/people/erase", { ...body, dry_run: true }));
    if (!dryRun) throw new CliError({ code: "USAGE" }, "nothing was deleted. Add --yes to delete: it can't be undone");
    return;
  }
  let job = await callServer<Job>(server, "POST", "/api/people/erase", { ...body, dry_run: false });
  let told = "";
  while (job.state === "running") {
    const { done, tables } = job.progress;
    const now = job.error === null ? `${done} of ${tables === 0 ? "…" : tables} tables` : `waits: ${job.error}`;
    if (now !== told) process.stderr.write(`flowtrail: deleting, ${now}\n`);
    told = now;
    await sleep(LOOK_MS);
    job = await callServer<Job>(server, "GET", `/api/people/erasures/${encodeURIComponent(job.id)}`);
  }
  if (job.report !== null) tell(job.report);
}
