/** `flowtrail import netmaker`: the flows that a Netmaker server has logged, out of its API or out of its table. */
import { appendFileSync, readFileSync } from "node:fs";
import { formatCount, parseTimeRange, TimeError, type TimeRange } from "@flowtrail/model";
import { NetmakerTable, type RowsRead, readRest } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError, withAccess } from "../errors.ts";
import { type LocalServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { ownToken } from "../servers/choose-server.ts";
import { type ImportCounts, newCounts, readPlace, removePlace, writePlace } from "./import-place.ts";
import { sendRows } from "./import-send.ts";
import { askerOf, type NetmakerOptions, plainly, told, withNetmaker } from "./netmaker-client.ts";

interface Options extends NetmakerOptions {
  readonly clickhouse?: string;
  readonly database: string;
  readonly table: string;
  readonly user: string;
  readonly passwordFile?: string;
  readonly from: string;
  readonly to: string;
  readonly network?: string;
  readonly data: string;
  readonly server?: string;
  readonly serverTokenFile?: string;
  readonly state: string;
  readonly badRows: string;
  readonly pause: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addImportCommands(program: Command): void {
  const command = program.command("import").description("bring flows that others have logged");
  withNetmaker(
    command
      .command("netmaker")
      .description(
        "flows of a Netmaker server's own log, each once, however often it is run; interrupted, the same command goes on where it was",
      ),
  )
    .option("--clickhouse <url>", "instead of --url: ClickHouse's HTTP interface, to read Netmaker's table itself")
    .option("--database <name>", "with --clickhouse: database", "default")
    .option("--table <name>", "with --clickhouse: table", "flows")
    .option("--user <name>", "with --clickhouse: user", "default")
    .option("--password-file <file>", "with --clickhouse: file that holds the user's password")
    .requiredOption("--from <time>", "first of the time: -7d, 2026-11-15T00:00:00Z, …")
    .option("--to <time>", "as --from; not in the range itself", "now")
    .option("--network <id>", "flows of this network only")
    .addOption(dataOption("data directory of the Flowtrail server on this machine"))
    .option("--server <url>", "another Flowtrail server")
    .option("--server-token-file <file>", "with --server: file that holds an API token of it (default: that of --data)")
    .option("--state <file>", "file that keeps the place while it is not done", "netmaker-import.state.json")
    .option(
      "--bad-rows <file>",
      "file to which rows are added that are refused, with the reason",
      "netmaker-import.refused.ndjson",
    )
    .option("--pause <ms>", "least time between two questions to Netmaker", "200")
    .option("--dry-run", "store nothing: only read, and say what would come of it")
    .option("--json", "the result as JSON")
    .action(run);
}

const usage = (message: string) => new CliError({ code: "USAGE" }, message);

async function run(options: Options): Promise<void> {
  const { url, clickhouse, network, state, dryRun = false } = options;
  if ((url === undefined) === (clickhouse === undefined))
    throw usage("give --url of Netmaker's API, or --clickhouse of its database");
  const server = serverOf(options);
  // The same command means the same import, although "-7d" moves on.
  const job = JSON.stringify([url ?? clickhouse, options.database, options.table, network, options.from, options.to, server.url]);
  const begun = dryRun ? null : readPlace(state, job);
  const range = begun ?? rangeOf(options);
  const stop = new AbortController();
  const interrupted = () =>
    stop.abort(new CliError({ code: "INTERRUPTED" }, "interrupted: the same command goes on where this one stopped"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupted);
  const counts = begun?.counts ?? newCounts();
  const left = { fromMs: begun?.atMs ?? range.fromMs, toMs: range.toMs };
  const waiting = (reason: string, ms: number) => progress(`${plainly(reason)}: again in ${Math.round(ms / 1000)} s`, true);
  try {
    for await (const { rows, doneToMs } of sourceOf(options, left, stop.signal, waiting)) {
      if (rows.length > 0) {
        const answer = await sendRows(server, rows, { dryRun, onWait: waiting, signal: stop.signal });
        take(counts, rows.length, answer);
        keepRefused(options.badRows, rows, answer.rejected);
      }
      if (doneToMs === null) continue;
      if (!dryRun) writePlace(state, { job, fromMs: range.fromMs, toMs: range.toMs, atMs: doneToMs, counts });
      progress(
        `up to ${new Date(doneToMs).toISOString()}: ${formatCount(counts.read)} rows, ${formatCount(counts.stored)} flows stored`,
        false,
      );
    }
  } catch (error) {
    // Whatever was under way says only that it was ended.
    if (stop.signal.aborted) throw stop.signal.reason;
    throw error;
  }
  if (!dryRun) removePlace(state);
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.stdout.write(options.json ? `${JSON.stringify({ ...counts, dryRun })}\n` : `${summary(counts, options).join("\n")}\n`);
}

function serverOf({ server: url, serverTokenFile, data }: Options): Pick<LocalServer, "url" | "token"> {
  if (url === undefined) return requireServer(data);
  const token =
    serverTokenFile === undefined
      ? ownToken(url, data)
      : withAccess(serverTokenFile, () => readFileSync(serverTokenFile, "utf8").trim());
  return { url, token };
}

function rangeOf({ from, to }: Options): TimeRange {
  try {
    return parseTimeRange(from, to, Date.now());
  } catch (error) {
    if (error instanceof TimeError) throw new CliError({ code: "USAGE" }, `--from, --to: ${error.message}`, { cause: error });
    throw error;
  }
}

type OnWait = (reason: string, ms: number) => void;

async function* sourceOf(options: Options, range: TimeRange, signal: AbortSignal, onWait: OnWait): AsyncGenerator<RowsRead> {
  const { clickhouse, network, database, table, user, passwordFile, pause } = options;
  if (clickhouse === undefined) {
    const ask = await askerOf(options, signal);
    const rows = readRest(ask, { range, network, pauseMs: Number(pause) || 0, onWait }, signal);
    for (;;) {
      const { value, done } = await told(() => rows.next());
      if (done) return;
      yield value;
    }
  }
  const password = passwordFile === undefined ? "" : withAccess(passwordFile, () => readFileSync(passwordFile, "utf8").trim());
  const source = new NetmakerTable({ url: clickhouse, database, table, user, password });
  try {
    const extent = await source.extent(range);
    progress(`${formatCount(extent.rows)} rows in the table`, true);
    // Up to the end of the range, so that the place says that all of it is done.
    yield* source.read(extent.range, network, signal);
  } finally {
    await source.close();
  }
}

function take(counts: ImportCounts, read: number, answer: Awaited<ReturnType<typeof sendRows>>): void {
  counts.read += read;
  for (const name of ["stored", "unfinished", "already", "joined"] as const) counts[name] += answer[name];
  for (const { code } of answer.rejected) counts.refused[code] = (counts.refused[code] ?? 0) + 1;
}

function keepRefused(path: string, rows: readonly unknown[], rejected: Awaited<ReturnType<typeof sendRows>>["rejected"]): void {
  if (rejected.length === 0) return;
  const lines = rejected.map(({ row, code, message }) => `${JSON.stringify({ code, message, row: rows[row] })}\n`);
  withAccess(path, () => appendFileSync(path, lines.join(""), { mode: 0o600 }));
}

function summary(
  { read, stored, unfinished, already, joined, refused }: ImportCounts,
  { dryRun = false, badRows }: Options,
): string[] {
  const codes = Object.entries(refused);
  return [
    `${formatCount(read)} rows read, ${formatCount(stored)} flows ${dryRun ? "would be stored" : "stored"}`,
    ...(unfinished > 0 ? [`  ${formatCount(unfinished)} of them without an end in the log: they are lost until it comes`] : []),
    ...(joined > 0 ? [`  ${formatCount(joined)} rows are told with another row of their flow`] : []),
    ...(already > 0 ? [`  ${formatCount(already)} rows of flows that were there`] : []),
    ...codes.map(([code, count]) => `  ${formatCount(count)} ${count === 1 ? "row" : "rows"} refused: ${code}`),
    ...(codes.length > 0 ? [`  refused rows and what is wrong with each: ${badRows}`] : []),
  ];
}

let toldAtMs = 0;

/** For people who watch; into a log only now and then. */
function progress(text: string, always: boolean): void {
  const everyMs = process.stderr.isTTY ? 300 : 5000;
  if (!always && Date.now() - toldAtMs < everyMs) return;
  toldAtMs = Date.now();
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
