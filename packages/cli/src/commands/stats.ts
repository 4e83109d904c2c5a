/** `flowtrail stats`: the largest by any fields, what the others have together, and the total. */
import { formatBytes, formatCount } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { addFilterFlags, givenFilter } from "../ask/filter-flags.ts";
import { wholeNumber } from "../ask/limits.ts";
import { momentFor } from "../ask/moments.ts";
import { queryText } from "../ask/print-query.ts";
import { CliError } from "../errors.ts";
import { getJson, type Query } from "../servers/api.ts";
import { addServerOptions, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { cleanJson } from "../terminal/clean.ts";
import { csvLine } from "../terminal/csv.ts";
import { type Output, openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { bar } from "../terminal/style.ts";
import { type TableColumn, tableLines } from "../terminal/table.ts";

const METRICS = ["bytes", "packets", "connections", "reports", "rate"] as const;
type Metric = (typeof METRICS)[number];
type Amount = number | string;

interface Options extends ServerOptions, ShownOptions {
  readonly by: readonly string[];
  readonly metric: Metric;
  readonly rank: string;
  readonly top: number;
  readonly since: string;
  readonly until: string;
  readonly previous?: boolean;
  readonly output: "table" | "json" | "csv";
  readonly printQuery?: boolean;
  readonly failIfEmpty?: boolean;
}

interface Figures {
  readonly value: Amount;
  readonly share: number;
  readonly avg: number;
  readonly max: number;
  readonly p95: number;
  readonly previous?: Amount;
}

interface Top {
  readonly rows: readonly (Figures & { readonly by: readonly (string | null)[] })[];
  readonly other: Figures & { readonly groups: number };
  readonly total: Amount;
  readonly previous_total?: Amount;
  readonly meta: { readonly partial: boolean };
}

const PATH = "/api/flows/top";

export function addStatsCommand(program: Command): void {
  const stats = program
    .command("stats")
    .description("the largest by any fields, with shares, bars and figures per second; the others; the total")
    .argument("[filter...]", "in the filter language, as with -q");
  addServerOptions(stats)
    .option(
      "-b, --by <fields>",
      "up to four, with commas between them: src.name, dst.domain, dst.port, … (docs/reference/filter.md)",
      fields,
      DEFAULT_BY,
    )
    .addOption(new Option("-m, --metric <what>", "what is counted").choices(METRICS).default("bytes"))
    .addOption(
      new Option("--rank <by>", "what the largest are chosen by: the total, or a figure per second")
        .choices(["total", "max", "p95", "last"])
        .default("total"),
    )
    .option("-n, --top <count>", "most rows", wholeNumber(1, 100), 10)
    .option("--since <time>", "1h, 7d, today, 14:30, 2026-11-01, 2026-11-01T14:30:00Z", "15m")
    .option("--until <time>", "as --since; not in the range itself", "now")
    .option("--previous", "also the time of the same length before");
  addFilterFlags(stats)
    .addOption(
      new Option("-o, --output <format>", "table, json (the API's answer) or csv")
        .choices(["table", "json", "csv"])
        .default("table"),
    )
    .option("--print-query", "say what would be asked (filter, URL, curl) and ask nothing")
    .option("--fail-if-empty", "exit code 1 if there is no such traffic");
  addShowOptions(stats).action((words: string[], options: Options) => run(words, options, stats));
}

/** Again: one more. */
function fields(text: string, before: readonly string[]): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  // What is there without having been given is the default.
  return before === DEFAULT_BY || before.length === 0 ? names : [...before, ...names];
}
const DEFAULT_BY: readonly string[] = ["src.name"];

async function run(words: string[], options: Options, command: Command): Promise<void> {
  const { metric, rank, top, since, until, utc = false, previous = false } = options;
  const server = chooseServer(options, command);
  const nowMs = Date.now();
  const query: Query = {
    by: options.by.join(","),
    metric,
    rank,
    limit: String(top),
    from: momentFor("--since", since, { utc }, nowMs),
    to: momentFor("--until", until, { utc }, nowMs),
    q: givenFilter(command, words),
    ...(previous ? { previous: "true" } : {}),
  };
  if (options.printQuery) {
    process.stdout.write(queryText(server, PATH, query));
    return;
  }
  const found = await getJson<Top>(server, PATH, query);
  const output = openOutput(options, options.output === "table");
  await output.write(textOf(found, options, output));
  await output.end();
  if (found.meta.partial)
    process.stderr.write("not all that was asked for was looked at: it is older than what is kept, or too much\n");
  if (found.rows.length === 0 && options.failIfEmpty) throw new CliError({ code: "NOTHING_FOUND" }, "");
}

function textOf(found: Top, options: Options, output: Output): string {
  if (options.output === "json") return `${cleanJson(JSON.stringify(found, null, 2))}\n`;
  if (options.output === "csv") return csvOf(found, options);
  return `${tableOf(found, options, output).join("\n")}\n`;
}

const FIGURES = ["value", "share", "avg", "max", "p95"] as const;

function csvOf({ rows, other, total, previous_total }: Top, { by, previous = false }: Options): string {
  const before = (one: { readonly previous?: Amount | undefined }) => (previous ? [one.previous] : []);
  const figures = (one: Figures) => [...FIGURES.map((name) => one[name]), ...before(one)];
  const rest = by.slice(1).map(() => null);
  return [
    csvLine([...by, ...FIGURES, ...(previous ? ["previous"] : [])]),
    ...rows.map((row) => csvLine([...row.by, ...figures(row)])),
    ...(other.groups > 0 ? [csvLine(["Other", ...rest, ...figures(other)])] : []),
    csvLine(["Total", ...rest, total, rows.length === 0 ? 0 : 1, null, null, null, ...before({ previous: previous_total })]),
  ].join("");
}

interface Line {
  readonly kind: "row" | "other" | "total";
  readonly names: readonly string[];
  readonly value: Amount;
  readonly figures: Figures | null;
  readonly previous: Amount | undefined;
}

const BAR_WIDTH = 20;
/** Of a name, by how many there are in a row. */
const LEAST_NAME = [30, 18, 14];

export function tableOf(
  found: Top,
  { by, metric, previous = false }: Pick<Options, "by" | "metric" | "previous">,
  { style, width }: Pick<Output, "style" | "width">,
): string[] {
  const { rows, other, total } = found;
  const rest = by.slice(1).map(() => "");
  const lines: Line[] = [
    ...rows.map((row) =>
      lineOf(
        "row",
        row.by.map((value) => value ?? "(none)"),
        row,
      ),
    ),
    ...(other.groups > 0 ? [lineOf("other", [`Other (${formatCount(other.groups)})`, ...rest], other)] : []),
    { kind: "total", names: ["Total", ...rest], value: total, figures: null, previous: found.previous_total },
  ];
  const largest = rows.reduce((most, { share }) => Math.max(most, share), 0);
  const perSecond = (read: (figures: Figures) => number) => (line: Line) =>
    line.figures === null ? "" : rateText(read(line.figures), metric);
  const columns: TableColumn<Line>[] = [
    ...by.map(
      (name, i): TableColumn<Line> => ({
        title: name.toUpperCase(),
        text: ({ names }) => names[i] ?? "",
        least: LEAST_NAME[by.length - 1] ?? 12,
        colour: ({ kind }) => (kind === "other" ? "dim" : "bold"),
      }),
    ),
    { title: metric.toUpperCase(), text: ({ value }) => amountText(value, metric), align: "right" },
    { title: "SHARE", text: ({ figures }) => (figures === null ? "" : `${(figures.share * 100).toFixed(1)} %`), align: "right" },
    {
      title: "",
      text: ({ kind, figures }) =>
        kind === "row" && figures !== null ? bar(largest === 0 ? 0 : figures.share / largest, BAR_WIDTH) : "",
      spare: 3,
      colour: () => "cyan",
    },
    ...(previous
      ? [
          {
            title: "BEFORE",
            text: (line: Line) => (line.previous === undefined ? "" : amountText(line.previous, metric)),
            align: "right" as const,
          },
        ]
      : []),
    { title: "AVG/S", text: perSecond(({ avg }) => avg), align: "right", spare: 6 },
    { title: "MAX/S", text: perSecond(({ max }) => max), align: "right", spare: 4 },
    { title: "P95/S", text: perSecond(({ p95 }) => p95), align: "right", spare: 5 },
  ];
  return tableLines(columns, lines, { width, style });
}

function lineOf(kind: Line["kind"], names: readonly string[], figures: Figures): Line {
  return { kind, names, value: figures.value, figures, previous: figures.previous };
}

function amountText(value: Amount, metric: Metric): string {
  if (metric === "rate") return `${formatBytes(Math.round(Number(value)))}/s`;
  return metric === "bytes" ? formatBytes(BigInt(value)) : formatCount(BigInt(value));
}

function rateText(value: number, metric: Metric): string {
  if (metric === "bytes" || metric === "rate") return formatBytes(Math.round(value));
  return value >= 100 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(3)));
}
