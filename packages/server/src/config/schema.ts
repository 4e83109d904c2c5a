/** Everything that the server can be told: THE one schema. Flags, environment names, YAML keys and the reference page are made from it. */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseSize } from "@flowtrail/model";
import { z } from "zod";

/** Bytes, as a number or as people write it (`64MiB`). */
const size = z
  .union([z.number(), z.string()], "expected a size in bytes, such as 1048576 or 64MiB")
  .transform((value) => (typeof value === "number" ? value : parseSize(value)))
  .refine(
    (bytes) => bytes !== null && Number.isSafeInteger(bytes) && bytes > 0,
    "expected a size in bytes, such as 1048576 or 64MiB",
  )
  .transform((bytes) => bytes ?? 0);

const count = (min: number, max: number) => {
  const expectation = `expected a whole number from ${min} to ${max}`;
  return z.number(expectation).int(expectation).min(min, expectation).max(max, expectation);
};

const listen = z
  .string("expected HOST:PORT")
  .transform((text) => parseListen(text))
  .refine((address) => address !== null, "expected HOST:PORT, such as 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080")
  .transform((address) => address ?? { host: "", port: 0 });

const path = z.string("expected a path").min(1, "expected a path");
const yesNo = z.boolean("expected true or false");

/** Where the server keeps its data if nobody says otherwise: the system's folder for root, the user's own for everybody else. */
function defaultData(): string {
  const base =
    process.getuid?.() === 0
      ? "/var/lib/flowtrail"
      : join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "flowtrail");
  return join(base, "server");
}

export const configSchema = z.strictObject({
  listen: listen.prefault("127.0.0.1:8080").describe("Address and port of page, API and agents"),
  data: path.default(defaultData).describe("Directory of everything that the server keeps"),
  insecure_no_auth: yesNo
    .default(false)
    .describe("Ask nobody for credentials. For a try-out: refused unless it listens on loopback"),
  auth: z
    .strictObject({
      max_failures: count(1, 1_000_000)
        .default(30)
        .describe("Requests a minute without good credentials from one address, before they are sent away"),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
          error: "expected one of fatal, error, warn, info, debug, trace, silent",
        })
        .default("info")
        .describe("Least important kind of message that is logged"),
    })
    .prefault({}),
  store: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: "expected a URL of ClickHouse's HTTP interface, such as http://clickhouse:8123" })
        .optional()
        .describe("ClickHouse server or cluster to use instead of the embedded engine"),
      user: z.string("expected a text").default("default").describe("User at store.url"),
      password: z.string("expected a text").optional().describe("Password at store.url; better: store.password_file"),
      password_file: path.optional().describe("File that holds the password at store.url"),
      database: z
        .string("expected a name")
        .regex(/^[a-z_][a-z0-9_]*$/i, "expected a name of letters, digits and _")
        .default("flowtrail")
        .describe("Database that holds the tables"),
      memory: size.prefault("1GiB").describe("Memory that the embedded engine may use"),
      min_free_disk: size.prefault("200MiB").describe("Free disk below which the embedded engine takes no more rows"),
    })
    .prefault({}),
  inventory: z
    .strictObject({ file: path.optional().describe("YAML file that says who has which address; watched while the server runs") })
    .prefault({}),
  retention: z
    .strictObject({ days: count(1, 3650).default(30).describe("Days that flows are kept after their end") })
    .prefault({}),
  ingest: z
    .strictObject({
      max_body: size.prefault("16MiB").describe("Largest upload, as it comes over the wire"),
      max_batch: size.prefault("64MiB").describe("Largest upload after decompression"),
      max_rows: count(1, 1_000_000).default(100_000).describe("Most rows in an upload"),
      commit_rows: count(1, 1_000_000).default(20_000).describe("Rows after which waiting uploads are written to the store"),
      commit_interval_ms: count(1, 10_000)
        .default(200)
        .describe("Longest time that an upload waits for others before it is written"),
      max_waiting_rows: count(1000, 10_000_000)
        .default(500_000)
        .describe("Waiting rows above which agents are asked to come back later"),
    })
    .prefault({}),
  query: z
    .strictObject({
      max_seconds: count(1, 600).default(30).describe("Longest time that a question may take"),
      max_memory: size.prefault("400MB").describe("Memory that a question may use"),
    })
    .prefault({}),
  live: z
    .strictObject({
      max_clients: count(1, 10_000).default(200).describe("Most pages and programs that may follow live"),
      queue_rows: count(10, 100_000)
        .default(2000)
        .describe("Rows kept for a follower that reads slowly, before rows are dropped and counted"),
    })
    .prefault({}),
  agents: z
    .strictObject({
      enabled: yesNo.default(true).describe("Whether agents that ask here capture at all"),
      update_interval_s: count(1, 300).default(10).describe("Seconds between two reports of an open flow"),
      flush_interval_ms: count(50, 60_000).default(500).describe("Longest time that an agent collects before it sends"),
      icmp: yesNo.default(true).describe("Capture ICMP"),
      dns: yesNo.default(true).describe("Capture DNS"),
      names: z
        .enum(["off", "second-level", "full"], { error: "expected one of off, second-level, full" })
        .default("full")
        .describe("How much of domain names agents keep"),
      denied: yesNo.default(false).describe("Capture what firewall rules drop"),
      process: yesNo.default(false).describe("Capture which local program made a flow"),
      exclude: z
        .array(z.string("expected an address range"), "expected a list of address ranges")
        .default([])
        .describe("Address ranges whose flows agents leave out"),
    })
    .prefault({}),
  web: z
    .strictObject({ dir: path.optional().describe("Directory of the built page; default: the one that comes along") })
    .prefault({}),
});

export type ServerConfig = z.infer<typeof configSchema>;
export type ListenAddress = ServerConfig["listen"];

/** Reads `HOST:PORT`, `[v6]:PORT`, `:PORT` (all addresses) or `PORT` (loopback). Port 0 means any free one. Null when it is none. */
export function parseListen(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]:|([^:[\]\s]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  return { host: match[1] ?? (match[2] === undefined ? "127.0.0.1" : match[2] || "::"), port };
}
