/** `flowtrail map`: who talks to whom, as text. */
import { formatBytes, formatCount } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { addFilterFlags, givenFilter } from "../ask/filter-flags.ts";
import { wholeNumber } from "../ask/limits.ts";
import { momentFor } from "../ask/moments.ts";
import { queryText } from "../ask/print-query.ts";
import { typeWord } from "../ask/type-word.ts";
import { CliError } from "../errors.ts";
import { getJson, type Query } from "../servers/api.ts";
import { addServerOptions, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { cleanJson } from "../terminal/clean.ts";
import { openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { adjacencyLines, dotText, edgeTable, type Graph, type GraphEdge } from "./map-text.ts";

interface Options extends ServerOptions, ShownOptions {
  readonly by: "node" | "type" | "network";
  readonly metric: "bytes" | "connections";
  readonly limit: number;
  readonly since: string;
  readonly until: string;
  readonly output: "list" | "table" | "dot" | "json";
  readonly printQuery?: boolean;
  readonly failIfEmpty?: boolean;
}

interface Pairs {
  readonly nodes: readonly { readonly id: string; readonly name: string | null; readonly type: string }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly bytes: number | string;
    readonly connections: number | string;
  }[];
  readonly cut: number;
  readonly other: { readonly bytes: number | string; readonly connections: number | string };
  readonly meta: { readonly partial: boolean };
}

interface Top {
  readonly rows: readonly { readonly by: readonly (string | null)[]; readonly value: number | string }[];
  readonly other: { readonly value: number | string; readonly groups: number };
  readonly meta: { readonly partial: boolean };
}

/** What `GET /api/flows/top` is divided by, where nodes are put together. */
const GROUPED = { type: "src.type,dst.type", network: "network,src.type,dst.type" } as const;

export function addMapCommand(program: Command): void {
  const map = program
    .command("map")
    .description("who talks to whom: each source with its destinations, the largest first")
    .argument("[filter...]", "in the filter language, as with -q");
  addServerOptions(map)
    .addOption(
      new Option("--by <what>", "each end by itself, by what it is, or that for each network")
        .choices(["node", "type", "network"])
        .default("node"),
    )
    .addOption(
      new Option("-m, --metric <what>", "what the largest are chosen by").choices(["bytes", "connections"]).default("bytes"),
    )
    .option("-n, --limit <count>", "most pairs", wholeNumber(1, 500), 100)
    .option("--since <time>", "1h, 7d, today, 14:30, 2026-11-01, 2026-11-01T14:30:00Z", "15m")
    .option("--until <time>", "as --since; not in the range itself", "now");
  addFilterFlags(map)
    .addOption(
      new Option("-o, --output <format>", "list, table, dot (for Graphviz) or json (the API's answer)")
        .choices(["list", "table", "dot", "json"])
        .default("list"),
    )
    .option("--print-query", "say what would be asked (filter, URL, curl) and ask nothing")
    .option("--fail-if-empty", "exit code 1 if there is no such traffic");
  addShowOptions(map).action((words: string[], options: Options) => run(words, options, map));
}

async function run(words: string[], options: Options, command: Command): Promise<void> {
  const { by, metric, limit, since, until, utc = false } = options;
  const server = chooseServer(options, command);
  const nowMs = Date.now();
  const path = by === "node" ? "/api/flows/pairs" : "/api/flows/top";
  const query: Query = {
    ...(by === "node" ? {} : { by: GROUPED[by] }),
    metric,
    limit: String(by === "node" ? limit : Math.min(limit, 100)),
    from: momentFor("--since", since, { utc }, nowMs),
    to: momentFor("--until", until, { utc }, nowMs),
    q: givenFilter(command, words),
  };
  if (options.printQuery) {
    process.stdout.write(queryText(server, path, query));
    return;
  }
  const answer = await getJson<Pairs | Top>(server, path, query);
  const graph = "edges" in answer ? ofPairs(answer) : ofGroups(answer, by, metric);
  const output = openOutput(options, options.output === "list" || options.output === "table");
  await output.write(
    options.output === "json"
      ? `${cleanJson(JSON.stringify(answer, null, 2))}\n`
      : options.output === "dot"
        ? dotText(graph, metric)
        : `${(options.output === "table" ? edgeTable(graph, output) : adjacencyLines(graph, metric, output)).join("\n")}\n`,
  );
  await output.end();
  if (graph.cut > 0)
    process.stderr.write(
      `${formatCount(graph.cut)} more ${graph.cut === 1 ? "pair has" : "pairs have"} ${graph.rest} together\n`,
    );
  if (answer.meta.partial)
    process.stderr.write("not all that was asked for was looked at: it is older than what is kept, or too much\n");
  if (graph.edges.length === 0 && options.failIfEmpty) throw new CliError({ code: "NOTHING_FOUND" }, "");
}

function ofPairs({ nodes, edges, cut, other }: Pairs): Graph {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const labels = new Map(nodes.map(({ id, name, type }) => [id, { name: name ?? `all ${type}`, type }]));
  const end = (id: string) => labels.get(id) ?? { name: id, type: known.get(id)?.type ?? "" };
  return {
    edges: edges.map(
      ({ from, to, bytes, connections }): GraphEdge => ({
        from: { id: from, ...end(from) },
        to: { id: to, ...end(to) },
        bytes: BigInt(bytes),
        connections: BigInt(connections),
      }),
    ),
    cut,
    rest: `${formatBytes(BigInt(other.bytes))} and ${formatCount(BigInt(other.connections))} connections`,
  };
}

function ofGroups({ rows, other }: Top, by: Options["by"], metric: Options["metric"]): Graph {
  const edges = rows.map(({ by: values, value }): GraphEdge => {
    const [src = "", dst = ""] = values.slice(-2).map((one) => one ?? "unknown");
    const place = by === "network" ? `${values[0] ?? "(none)"}: ` : "";
    const end = (type: string) => ({ id: `${place}${type}`, name: `${place}${typeWord(type)}`, type: "" });
    const amounts =
      metric === "bytes" ? { bytes: BigInt(value), connections: null } : { bytes: null, connections: BigInt(value) };
    return { from: end(src), to: by === "network" ? { ...end(dst), name: typeWord(dst) } : end(dst), ...amounts };
  });
  const rest = metric === "bytes" ? formatBytes(BigInt(other.value)) : `${formatCount(BigInt(other.value))} connections`;
  return { edges, cut: other.groups, rest };
}
