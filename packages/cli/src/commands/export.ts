/** `flowtrail export`: all flows of a question into a file, or onward into another program. */
import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { get as getSecurely } from "node:https";
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { formatBytes, formatCount, parseTimeRange, TimeError } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { addFilterFlags, givenFilter } from "../ask/filter-flags.ts";
import { momentFor } from "../ask/moments.ts";
import { CliError } from "../errors.ts";
import { messageOf } from "../local-server.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";

interface Options extends ServerOptions {
  readonly format: "csv" | "ndjson" | "parquet";
  readonly since?: string;
  readonly until?: string;
  readonly from?: string;
  readonly to?: string;
  readonly utc?: boolean;
  readonly reports: string;
  readonly columns?: string;
  readonly output: string;
  readonly resume?: boolean;
  readonly force?: boolean;
}

const SINCE = "15m";

export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("flows as CSV, NDJSON or Parquet, newest start first: any number of them")
    .argument("[filter...]", "in the filter language, as with -q");
  addServerOptions(command)
    .addOption(new Option("--format <format>", "what to write").choices(["csv", "ndjson", "parquet"]).default("csv"))
    .option("--since <time>", "1h, 7d, today, 14:30, 2026-11-01, 2026-11-01T14:30:00Z (default: 15m)")
    .option("--until <time>", "as --since; not in the range itself (default: now)")
    .option("--utc", "times without a zone are in UTC (default: this machine's zone)")
    .option("--from <time>", "the same as --since")
    .option("--to <time>", "the same as --until");
  addFilterFlags(command, ["from", "to"])
    .addOption(
      new Option("--reports <which>", "merged: one row per connection; all: every report")
        .choices(["merged", "all"])
        .default("merged"),
    )
    .option("--columns <names>", "src_name,dst.ip,… in this order (default: all)")
    .option(
      "-o, --output <file>",
      "file to write, or - for standard output; it has its name when it is complete, FILE.part until then",
      "-",
    )
    .option("--resume", "go on with FILE.part, behind its last complete row (CSV and NDJSON; the same --since, as a time)")
    .option("--force", "write over FILE")
    .action((words: string[], options: Options) => run(words, options, command));
}

async function run(words: string[], options: Options, command: Command): Promise<void> {
  const server = chooseServer(options, command);
  const { output, format } = options;
  const range = rangeOf(options);
  const q = givenFilter(command, words);
  const query = new URLSearchParams({
    format,
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
    reports: options.reports,
    ...(q === undefined ? {} : { q }),
    ...(options.columns === undefined ? {} : { columns: options.columns }),
  });
  if (output === "-") {
    if (options.resume) throw new CliError({ code: "USAGE" }, "--resume needs a file (--output)");
    await download(server, query, process.stdout, 0);
    return;
  }
  if (existsSync(output) && !options.force)
    throw new CliError({ code: "USAGE" }, `${output} is there already: --force writes over it`);
  const part = `${output}.part`;
  const begun = options.resume ? await begunWith(part, options, range) : null;
  if (begun !== null) query.set("cursor", begun.cursor);
  try {
    const file = createWriteStream(part, { flags: begun === null ? "w" : "a" });
    await download(server, query, file, begun?.rows ?? 0);
  } catch (error) {
    if (error instanceof CliError && error.code === "EXPORT_BROKEN" && format !== "parquet") {
      const again = `the same command with --resume --from ${query.get("from")} --to ${query.get("to")} goes on behind the last row of ${part}`;
      throw new CliError(error.data, `${error.message}; ${again}`, { cause: error });
    }
    if (begun === null) await rm(part, { force: true });
    throw error;
  }
  await rename(part, output);
}

/** Relative times once and for all: what is resumed is the same range. */
function rangeOf({ since, until, from, to, utc = false }: Options): { fromMs: number; toMs: number } {
  if ((since !== undefined && from !== undefined) || (until !== undefined && to !== undefined))
    throw new CliError({ code: "USAGE" }, "--from is --since, and --to is --until: one of each");
  const nowMs = Date.now();
  try {
    return parseTimeRange(
      momentFor(from === undefined ? "--since" : "--from", since ?? from ?? SINCE, { utc }, nowMs),
      momentFor(to === undefined ? "--until" : "--to", until ?? to ?? "now", { utc }, nowMs),
      nowMs,
    );
  } catch (error) {
    if (error instanceof TimeError) throw new CliError({ code: "USAGE" }, `--since, --until: ${error.message}`, { cause: error });
    throw error;
  }
}

async function begunWith(part: string, { format, since, from }: Options, range: { fromMs: number; toMs: number }) {
  if (format === "parquet")
    throw new CliError({ code: "USAGE" }, "a Parquet file can't be gone on with: its end tells where all is");
  if (!existsSync(part)) throw new CliError({ code: "USAGE" }, `there is no ${part} to go on with`);
  const begin = since ?? from ?? SINCE;
  if (/^(now)?[-+]|^now$|^\d+[a-z]/.test(begin))
    throw new CliError(
      { code: "USAGE" },
      `--since ${begin} is another time now: give the one of the first run, such as 2026-11-22T09:50:00Z`,
    );
  // It knows the server's cursors, and with them all of its code.
  const { resumePoint } = await import("./export-resume.ts");
  return resumePoint(part, format, range);
}

/** @param rows that were there before */
async function download(server: ChosenServer, query: URLSearchParams, to: Writable, rows: number): Promise<void> {
  const answer = await request(server, `/api/flows/export?${query}`);
  const isText = query.get("format") !== "parquet";
  const progress = new Progress(isText, rows);
  try {
    await pipeline(answer, progress.counting(), to);
  } catch (cause) {
    // Whoever reads our output has enough.
    if (to === process.stdout && (cause as NodeJS.ErrnoException).code === "EPIPE") return;
    if ((cause as NodeJS.ErrnoException).syscall === "write") throw cause;
    throw new CliError({ code: "EXPORT_BROKEN", url: server.url }, `the transfer broke off after ${progress.text()}`, { cause });
  } finally {
    progress.end();
  }
}

/** Without a limit of time: the first row may be found late. */
async function request({ url, token }: ChosenServer, path: string): Promise<IncomingMessage> {
  const target = new URL(path, url);
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    (target.protocol === "https:" ? getSecurely : get)(target, { headers }, resolve).on("error", reject);
  }).catch((cause: Error) => {
    throw new CliError(
      { code: "SERVER_UNREACHABLE", url },
      `no answer from ${url}: is the server running there? (${cause.message})`,
      { cause },
    );
  });
  if (answer.statusCode === 200) return answer;
  const body = Buffer.concat(await answer.toArray()).toString();
  const status = answer.statusCode ?? 0;
  throw new CliError({ code: "SERVER_REFUSED", url, status }, `export: ${status} ${messageOf(body)}`);
}

const SHOW_MS = 500;

/** On standard error, for people who watch. */
class Progress {
  readonly #isText: boolean;
  #rows: number;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(isText: boolean, rows: number) {
    this.#isText = isText;
    this.#rows = rows;
  }

  counting(): Transform {
    if (process.stderr.isTTY) this.#timer = setInterval(() => process.stderr.write(`\r\x1b[K${this.text()}`), SHOW_MS);
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#bytes += chunk.length;
        if (this.#isText) for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#rows++;
        done(null, chunk);
      },
    });
  }

  text(): string {
    return `${formatBytes(this.#bytes)}${this.#isText ? `, about ${formatCount(this.#rows)} lines` : ""}`;
  }

  end(): void {
    clearInterval(this.#timer);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.text()}\n`);
  }
}
