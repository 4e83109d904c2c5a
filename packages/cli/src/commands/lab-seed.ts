/** `flowtrail lab seed`: millions of made-up rows, to try the page and to measure the store. */
import { setTimeout as sleep } from "node:timers/promises";
import { formatBytes, formatCount } from "@flowtrail/model";
import { MAX_SEED_DAYS, MAX_SEED_ROWS, type SeedRequest, type SeedSummary, seedOffline } from "@flowtrail/server";
import { type Command, InvalidArgumentError } from "commander";
import { CliError } from "../errors.ts";
import { callServer, findLocalServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { type ChosenServer, chooseServer } from "../servers/choose-server.ts";

interface SeedCommand {
  readonly data: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly rows: number;
  readonly days: number;
  readonly seed: number;
  readonly until?: number;
  readonly json?: boolean;
}

/** What a server says of a seed. */
interface SeedStatus {
  readonly state: "none" | "running" | "done" | "failed";
  readonly done: number;
  readonly rows: number;
  readonly error: string | null;
  readonly summary: SeedSummary | null;
}

const POLL_MS = 500;

export function addSeedCommand(lab: Command): void {
  lab
    .command("seed")
    .description("fill a store with made-up flows (reporter_type sample), the same ones for the same --seed; needs no root")
    .addOption(dataOption("data directory that no server has open"))
    .option("--server <url>", "a running server instead; it makes the rows itself")
    .option(
      "--token-file <file>",
      "with --server: file that holds an API token (or FLOWTRAIL_TOKEN; on this machine that of --data)",
    )
    .option("--rows <n>", "reports: 10M, 500k, 30000", rowCount, 1_000_000)
    .option("--days <n>", "over so many days up to the end", wholeNumber(1, MAX_SEED_DAYS), 30)
    .option("--seed <n>", "another number, other rows", wholeNumber(0, 2 ** 32 - 1), 1)
    .option(
      "--until <time>",
      "end of the rows: now, or 2026-11-22T09:50:00Z (default: where the same seed ended before, else now)",
      moment,
    )
    .option("--json", "as JSON")
    .action(seed);
}

async function seed(options: SeedCommand, command: Command): Promise<void> {
  const { rows, days, seed: number, until } = options;
  const request = { rows, days, seed: number, untilMs: until ?? null };
  const summary =
    options.server === undefined ? await offline(options.data, request) : await atServer(chooseServer(options, command), request);
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else tell(summary);
}

async function offline(data: string, request: SeedRequest): Promise<SeedSummary> {
  const server = findLocalServer(data);
  if (server) {
    const text = `a server runs on ${data} (process ${server.pid}): stop it, or let it make the rows itself with --server ${server.url}`;
    throw new CliError({ code: "USAGE" }, text);
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(interrupted()));
  return seedOffline(data, request, { onProgress: ({ done, rows }) => progress(done, rows), signal: stop.signal });
}

const interrupted = () => new CliError({ code: "INTERRUPTED" }, "interrupted: the same command goes on where this one stopped");

async function atServer(server: ChosenServer, request: SeedRequest): Promise<SeedSummary> {
  const { untilMs, ...body } = request;
  const until = untilMs === null ? {} : { until: new Date(untilMs).toISOString() };
  let status = await callServer<SeedStatus>(server, "POST", "/api/seed", { ...body, ...until });
  while (status.state === "running") {
    progress(status.done, status.rows);
    await sleep(POLL_MS);
    status = await callServer<SeedStatus>(server, "GET", "/api/seed");
  }
  if (status.summary) return status.summary;
  throw new CliError(
    { code: "SEED_FAILED" },
    `the server could not make the rows: ${status.error ?? "it was started again meanwhile"}`,
  );
}

let told = "";
function progress(done: number, rows: number): void {
  const text =
    done === rows ? `${formatCount(rows)} rows, rollups are computed` : `${formatCount(done)} of ${formatCount(rows)} rows`;
  if (text === told) return;
  told = text;
  process.stderr.write(process.stderr.isTTY ? `\r${text}${done === rows ? "\n" : ""}` : `${text}\n`);
}

function tell({ already, rows, connections, seconds, tables, fromMs, untilMs, seed: number }: SeedSummary): void {
  const time = (ms: number) => new Date(ms).toISOString();
  const lines = [
    already
      ? `seed ${number} was there before: ${formatCount(rows)} reports of ${formatCount(connections)} connections (--until now makes new ones)`
      : `seed ${number}: ${formatCount(rows)} reports of ${formatCount(connections)} connections in ${seconds.toFixed(1)} s`,
    `from ${time(fromMs)} to ${time(untilMs)}; reporter_type=sample`,
    "the store holds:",
    ...tables.map(
      ({ table, rows: count, bytes }) =>
        `  ${table.padEnd(20)} ${formatCount(count).padStart(14)} rows ${formatBytes(bytes).padStart(12)} ${(bytes / Math.max(1, count)).toFixed(1).padStart(7)} B/row`,
    ),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function rowCount(text: string): number {
  const value = /^\d+(\.\d+)?[kM]?$/.test(text) ? Math.round(Number.parseFloat(text) * (UNITS[text.at(-1) ?? ""] ?? 1)) : 0;
  if (value >= 1 && value <= MAX_SEED_ROWS) return value;
  throw new InvalidArgumentError(`expected a number of rows up to ${MAX_SEED_ROWS / 1e6}M, such as 10M, 500k or 30000.`);
}
const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6 };

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
  };
}

function moment(text: string): number {
  const ms = text === "now" ? Date.now() : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (ms >= 0 && ms <= Date.now()) return ms;
  throw new InvalidArgumentError("expected now, or a time that has been, such as 2026-11-22T09:50:00Z.");
}
