/** An export as it is asked for: by the page, by curl, and on the command line. */
import { type FlowJson, formatBytes } from "@flowtrail/model";

export const FORMATS = ["csv", "ndjson", "parquet"] as const;
export type ExportFormat = (typeof FORMATS)[number];

export interface ExportRequest {
  /** Which flows and which time, as `GET /api/flows` takes it. */
  readonly asked: URLSearchParams;
  readonly format: ExportFormat;
  /** Names of the API; null: all of them. */
  readonly columns: readonly string[] | null;
}

/** Path and parameters of the server. */
export function exportPath({ asked, format, columns }: ExportRequest): string {
  const params = new URLSearchParams({ format });
  for (const [name, value] of asked) if (CARRIED.has(name)) params.append(name, value);
  if (columns !== null) params.set("columns", columns.join(","));
  return `/api/flows/export?${params}`;
}
/** An export stands in one order: what sorts a list is not for it. */
const CARRIED = new Set(["from", "to", "q", "reports", "network"]);

/** For a shell of the server's own machine; elsewhere it wants --server and --token-file. */
export function exportCommand({ asked, format, columns }: ExportRequest): string {
  const words = ["flowtrail", "export", "--format", format];
  const say = (option: string, value: string | null, silent = "") => {
    if (value !== null && value !== silent) words.push(option, quoted(value));
  };
  say("--from", asked.get("from"));
  say("--to", asked.get("to"), "now");
  say("--q", withNetworks(asked), "");
  say("--reports", asked.get("reports"), "merged");
  say("--columns", columns === null ? null : columns.join(","));
  words.push("--output", `flows.${format}`);
  return words.join(" ");
}

/** The command has no option for networks: they are part of its filter. */
function withNetworks(asked: URLSearchParams): string {
  const q = asked.get("q") ?? "";
  const networks = asked.getAll("network").map((network) => JSON.stringify(network));
  if (networks.length === 0) return q;
  const isThere = `network in (${networks.join(",")})`;
  return q === "" ? isThere : `${isThere} and (${q})`;
}

/** @param path of the server, as it is asked */
export function curlCommand(origin: string, path: string, file: string | null): string {
  const output = file === null ? "" : ` --output ${quoted(file)}`;
  return `curl --fail --header "Authorization: Bearer $FLOWTRAIL_TOKEN"${output} ${quoted(origin + path)}`;
}

/** As one word of a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Parquet is compressed, column by column: about so much of a CSV file. A guess. */
const PARQUET_PART = 0.25;

/** A guess from rows that are known: how large the file will be. Null: no row is known. */
export function guessBytes({ format, columns }: ExportRequest, count: number, known: readonly FlowJson[]): number | null {
  if (known.length === 0) return null;
  const sizes = known.map((flow) => {
    const entries = Object.entries(flow).filter(([name]) => columns?.includes(name) ?? true);
    if (format === "ndjson") return JSON.stringify(Object.fromEntries(entries)).length + 1;
    return entries.reduce((sum, [, value]) => sum + String(value ?? "").length + 1, 0);
  });
  const csvOrLines = (sizes.reduce((sum, size) => sum + size, 0) / known.length) * count;
  return format === "parquet" ? csvOrLines * PARQUET_PART : csvOrLines;
}

/** `about 34.2 MiB` */
export function guessText(bytes: number | null): string {
  return bytes === null ? "" : `about ${formatBytes(Math.round(bytes))}`;
}
