/** `flowtrail observe`: flows, line by line; the past, or as they come. */
import { type FlowJson, formatCount, formatDuration, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { addFilterFlags, givenFilter } from "../ask/filter-flags.ts";
import { wholeNumber } from "../ask/limits.ts";
import { momentFor } from "../ask/moments.ts";
import { queryText } from "../ask/print-query.ts";
import { CliError, EXIT_INTERRUPTED } from "../errors.ts";
import { type PageEnd, pageRows, type Query } from "../servers/api.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { follow } from "../servers/follow.ts";
import { clean } from "../terminal/clean.ts";
import { type Output, openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { FLOW_FORMATS, type FlowFormat, type FlowFormatter, flowFormatter } from "./observe-format.ts";
import { Told } from "./observe-told.ts";

interface Options extends ServerOptions, ShownOptions {
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly last?: number;
  readonly first?: number;
  readonly reverse?: boolean;
  readonly sort: string;
  readonly reports: string;
  readonly follow?: boolean;
  readonly updates?: boolean;
  readonly output: FlowFormat;
  readonly numeric?: boolean;
  readonly printQuery?: boolean;
  readonly failIfEmpty?: boolean;
}

const LIMIT = 100;
const SINCE = "15m";
/** `--last`: however old. */
const LAST_SINCE = "30d";
const PAGE = 1000;
const WIDE = 120;
const MOST = 100_000_000;
const MOST_WAITING = 10_000;

export function addObserveCommand(program: Command): void {
  const observe = program
    .command("observe")
    .description("flows line by line, newest last: the past (--since), or as they come (-f)")
    .argument("[filter...]", "in the filter language, as with -q: 'to:db and port=5432'");
  addServerOptions(observe)
    .option(
      "--since <time>",
      `1h, 7d, today, 14:30, 2026-11-01, 2026-11-01T14:30:00Z (default: ${SINCE}; with --last: ${LAST_SINCE})`,
    )
    .option("--until <time>", "as --since; not in the range itself (default: now)");
  addFilterFlags(observe)
    .option("-n, --limit <count>", `most flows to show, the newest ones; 0: all (default: ${LIMIT})`, wholeNumber(0, MOST))
    .option("--last <count>", "the newest flows, however old", wholeNumber(1, MOST))
    .option("--first <count>", "the oldest flows of the time", wholeNumber(1, MOST))
    .option("--reverse", "newest first")
    .addOption(
      new Option("--sort <by>", "time, or the largest first").choices(["time", "bytes", "packets", "duration"]).default("time"),
    )
    .addOption(
      new Option("--reports <which>", "merged: a row for each connection; all: every report")
        .choices(["merged", "all"])
        .default("merged"),
    )
    .option("-f, --follow", "go on with what comes: each flow when it begins and when it has ended, until Ctrl-C")
    .option("--updates", "with -f: also each time that an open flow's counters are told")
    .addOption(
      new Option("-o, --output <format>", "compact, table, json (the API's rows, one a line) or csv")
        .choices(FLOW_FORMATS)
        .default("compact"),
    )
    .option("--numeric", "addresses and numbers in place of names")
    .option("--print-query", "say what would be asked (filter, URL, curl) and ask nothing")
    .option("--fail-if-empty", "exit code 1 if there is no such flow");
  addShowOptions(observe).action((words: string[], options: Options) => run(words, options, observe));
}

async function run(words: string[], options: Options, command: Command): Promise<void> {
  const server = chooseServer(options, command);
  const query: Query = { q: givenFilter(command, words), reports: options.reports };
  const asked = historyOf(query, options);
  if (options.printQuery) {
    const text = options.follow
      ? queryText(server, "/api/flows/live", query, "text/event-stream")
      : queryText(
          server,
          "/api/flows",
          { ...asked.query, limit: String(Math.min(asked.limit ?? PAGE, PAGE)) },
          NDJSON_CONTENT_TYPE,
        );
    process.stdout.write(text);
    return;
  }
  const { follow: follows = false, numeric = false, utc = false } = options;
  const output = openOutput(options, !follows && options.output !== "json");
  const formatter = flowFormatter(
    options.output,
    { numeric, utc, narrow: (output.width ?? WIDE) < WIDE },
    { ...output, follows },
  );
  if (follows) return followed(server, query, { options, asked, output, formatter });
  const { count, notes } = await history(server, asked, { output, formatter });
  await output.end();
  for (const note of notes) hint(note);
  if (count > 0) return;
  if (options.failIfEmpty) throw new CliError({ code: "NOTHING_FOUND" }, "");
  if (process.stdout.isTTY) hint("no such flow in that time: --since looks further back");
}

interface History {
  readonly query: Query;
  /** Null: all. */
  readonly limit: number | null;
  /** What is asked for newest first is shown oldest first. */
  readonly turned: boolean;
}

function historyOf(query: Query, options: Options): History {
  const { since, until, last, first, sort, reverse = false, utc = false } = options;
  const given = [options.limit, last, first].filter((value) => value !== undefined);
  if (given.length > 1) throw new CliError({ code: "USAGE" }, "only one of --limit, --last and --first");
  const nowMs = Date.now();
  const range = {
    from: momentFor("--since", since ?? (last === undefined ? SINCE : LAST_SINCE), { utc }, nowMs),
    to: until === undefined ? "now" : momentFor("--until", until, { utc }, nowMs),
  };
  const limit = given[0] ?? LIMIT;
  const isByTime = sort === "time";
  if (first !== undefined && !isByTime) throw new CliError({ code: "USAGE" }, "--first goes with --sort time only");
  // All of them need not be held: they are asked for in the order in which they are shown.
  const isOldestFirst = isByTime && (first !== undefined || limit === 0) && !(limit === 0 && reverse);
  return {
    query: { ...query, ...range, sort, order: isOldestFirst ? "asc" : "desc" },
    limit: limit === 0 ? null : limit,
    turned: isByTime ? isOldestFirst === reverse : reverse,
  };
}

interface Shown {
  readonly output: Output;
  readonly formatter: FlowFormatter;
}

/** Shows rows page by page as far as their order allows. */
async function history(server: ChosenServer, { query, limit, turned }: History, { output, formatter }: Shown) {
  const held: string[] = [];
  const notes = new Set<string>();
  let count = 0;
  let cursor: string | null = null;
  do {
    const size = Math.min(PAGE, limit === null ? PAGE : limit - count);
    const rows = pageRows(server, { ...query, limit: String(size), ...(cursor === null ? {} : { cursor }) });
    const lines: string[] = [];
    let part = await rows.next();
    for (; !part.done; part = await rows.next()) lines.push(part.value);
    count += lines.length;
    const end: PageEnd = part.value;
    if (end.note !== null) notes.add(end.note);
    else if (end.meta.partial) notes.add("not all that was asked for was looked at");
    cursor = end.next;
    if (turned) held.push(...lines);
    else if (lines.length > 0 && !(await output.write(formatter.text(lines)))) break;
  } while (cursor !== null && (limit === null || count < limit));
  if (turned && held.length > 0) await output.write(formatter.text(held.reverse()));
  if (cursor !== null && limit !== null && process.stdout.isTTY)
    notes.add(`these are ${formatCount(count)}; there are more: -n ${count * 10}, or -n 0 for all`);
  return { count, notes };
}

interface Followed extends Shown {
  readonly options: Options;
  readonly asked: History;
}

async function followed(server: ChosenServer, query: Query, { options, asked, output, formatter }: Followed): Promise<void> {
  const { since, last, limit, updates = false } = options;
  const stop = new AbortController();
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      isInterrupted ||= signal === "SIGINT";
      stop.abort();
    });
  const told = new Told({ updates });
  // What comes while the past is still asked for, waits.
  let waiting: string[] | null = [];
  const show = async (line: string) => {
    if (told.isNew(JSON.parse(line) as FlowJson)) await output.write(formatter.text([line]));
  };
  let ready = () => {};
  const opened = new Promise<void>((resolve) => {
    ready = resolve;
  });
  let pastShown = () => {};
  const pastIsShown = new Promise<void>((resolve) => {
    pastShown = resolve;
  });
  const stream = follow(
    server,
    query,
    {
      opened: () => ready(),
      row: (line) => {
        if (waiting === null) return show(line);
        return waiting.push(line) < MOST_WAITING ? undefined : pastIsShown;
      },
      dropped: (count) =>
        hint(`${formatCount(count)} ${count === 1 ? "row was" : "rows were"} dropped: they came faster than they could be shown`),
      lost: (reason, againMs) => hint(`${clean(reason)}; trying again in ${formatDuration(againMs)} …`),
      back: (awayMs) => hint(`connected again after ${formatDuration(awayMs)}`),
    },
    { signal: stop.signal },
  );
  const past = async () => {
    await opened;
    if ([since, last, limit].some((given) => given !== undefined)) {
      const lines: FlowFormatter = {
        text: (rows) => formatter.text(rows.filter((line) => told.isNew(JSON.parse(line) as FlowJson))),
      };
      await history(server, asked, { output, formatter: lines });
    }
    // More may come while these are shown.
    while (waiting !== null && waiting.length > 0) for (const line of waiting.splice(0)) await show(line);
    waiting = null;
    pastShown();
  };
  try {
    await Promise.race([stream, Promise.all([past(), stream])]);
  } finally {
    stop.abort();
  }
  if (isInterrupted) process.exitCode = EXIT_INTERRUPTED;
}

function hint(text: string): void {
  process.stderr.write(`${clean(text)}\n`);
}
