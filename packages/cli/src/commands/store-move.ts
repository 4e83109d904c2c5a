/** `flowtrail store move`: takes an embedded store into a ClickHouse or a cluster. */
import { formatBytes, formatCount } from "@flowtrail/model";
import { loadConfig, type MoveProgress, type MoveSummary, moveOffline, type ServerConfig } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { findLocalServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";

interface Options {
  readonly data: string;
  readonly to: string;
  readonly toCluster?: string;
  readonly database?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly verifyOnly?: boolean;
  readonly json?: boolean;
}

export function addMoveCommand(store: Command): void {
  store
    .command("move")
    .description(
      "copy an embedded store into a ClickHouse or a cluster, and verify the copy. No server may have it open. Interrupted, it goes on where it was",
    )
    .addOption(dataOption("data directory whose store is copied; nothing in it is changed or deleted"))
    .requiredOption("--to <url>", "ClickHouse server to copy to; of a cluster all nodes, comma between them")
    .option("--to-cluster <name>", "cluster of these nodes, as their remote_servers name it")
    .option("--database <name>", "database there", "flowtrail")
    .option("--user <name>", "user there", "default")
    .option("--password-file <file>", "file that holds the user's password")
    .option("--verify-only", "copy nothing, compare only")
    .option("--json", "as JSON")
    .action(move);
}

async function move(options: Options): Promise<void> {
  const { data, json = false, verifyOnly = false } = options;
  const server = findLocalServer(data);
  if (server) throw new CliError({ code: "USAGE" }, `a server runs on ${data} (process ${server.pid}): stop it first`);
  const config = configOf(options);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(interrupted()));
  const summary = await moveOffline(config, { verifyOnly, signal: stop.signal, onProgress: progress });
  if (json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else process.stdout.write(`${[...summaryLines(summary), ...nextLines(summary, options)].join("\n")}\n`);
  if (summary.mismatches.length > 0) process.exitCode = 1;
}

const interrupted = () => new CliError({ code: "INTERRUPTED" }, "interrupted: the same command goes on where this one stopped");

function configOf({ data, to, toCluster, database, user, passwordFile }: Options): ServerConfig {
  const given = {
    data,
    "store.url": to,
    "store.cluster": toCluster,
    "store.database": database,
    "store.user": user,
    "store.password_file": passwordFile,
  };
  const flags = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  // Nothing of the environment: what a server is told there is not what is said here.
  return loadConfig(Object.fromEntries(flags), undefined, {});
}

let toldAtMs = 0;

function progress({ table, partition, done, rows }: MoveProgress): void {
  const isEnd = done >= rows;
  if (Date.now() - toldAtMs < 500 && !isEnd) return;
  toldAtMs = Date.now();
  const text = `${formatCount(done)} of ${formatCount(rows)} rows: ${table} ${partition}`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}${isEnd ? "\n" : ""}` : `${text}\n`);
}

function summaryLines({ tables, surplus, mismatches }: MoveSummary): string[] {
  const line = (name: string, partitions: string, rows: string, bytes: string) =>
    `${name.padEnd(26)} ${partitions.padStart(10)} ${rows.padStart(15)} ${bytes.padStart(12)}`;
  const held = tables.filter(({ rows }) => rows !== "0");
  return [
    line("table", "partitions", "rows", "traffic"),
    ...held.map(({ table, partitions, rows, bytes }) =>
      line(table, String(partitions), formatCount(BigInt(rows)), bytes === "0" ? "" : formatBytes(BigInt(bytes))),
    ),
    ...surplus.map(
      ({ table, partition, rows }) =>
        `${table} ${partition}: the target has ${formatCount(BigInt(rows))} rows more, as it makes them itself: its rows were counted, not compared`,
    ),
    ...(mismatches.length === 0
      ? [
          surplus.length === 0
            ? "All of it is the same on both sides: rows, sums of bytes, and a hash of every row."
            : "All else is the same on both sides: rows, sums of bytes, and a hash of every row.",
        ]
      : [
          "NOT THE SAME on both sides:",
          ...mismatches.map(
            ({ table, partition, source, target }) =>
              `  ${table} ${partition}: ${source.rows} rows here, ${target.rows} there; ${source.bytes} bytes of traffic here, ${target.bytes} there`,
          ),
        ]),
  ];
}

function nextLines({ mismatches }: MoveSummary, { data, to, toCluster, database, user, passwordFile }: Options): string[] {
  if (mismatches.length > 0) {
    return ["Does anything write to that database? Stop it, and run the same command again."];
  }
  const flags = [
    `--data ${data}`,
    `--store-url ${to}`,
    ...(toCluster === undefined ? [] : [`--store-cluster ${toCluster}`]),
    ...(database === undefined || database === "flowtrail" ? [] : [`--store-database ${database}`]),
    ...(user === undefined || user === "default" ? [] : [`--store-user ${user}`]),
    ...(passwordFile === undefined ? [] : [`--store-password-file ${passwordFile}`]),
  ];
  return [
    "",
    "Start the server on it:",
    `  flowtrail server ${flags.join(" ")}`,
    `Then the old store can be deleted: ${data}/store`,
  ];
}
