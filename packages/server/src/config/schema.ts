/** Everything that the server can be told: THE one schema. Flags, environment names, YAML keys and the reference page are made from it. */
import { parseCidr } from "@flowtrail/model";
import {
  type ConfigOption,
  count,
  defaultDirectory,
  defaultDirectoryText,
  duration,
  field,
  group,
  list,
  oneOf,
  optionsOf,
  size,
  text,
  yesNo,
} from "@flowtrail/settings";
import { z } from "zod";
import { MAX_DAYS_KEPT, parseSizeLimit, SIZE_LIMIT_EXPECTED } from "../store/retention/policy.ts";
import { alertsSchema } from "./alerts-schema.ts";
import { complianceSchema } from "./compliance-schema.ts";
import { limits } from "./limits-schema.ts";
import { privacySchema } from "./privacy-schema.ts";
import { signInShape } from "./sign-in-schema.ts";
import { netmakerTls, tls } from "./tls-schema.ts";

const ADDRESS = "HOST:PORT, such as 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080";
const RANGE = "an address range, such as 10.20.0.0/16";

export const DEFAULT_MAX_SIZE = "80%";

function kept(description: string, days: number) {
  return count({ description, min: 1, max: MAX_DAYS_KEPT, unit: "days", default: days });
}

const listen = z
  .string(`expected ${ADDRESS}`)
  .transform((value) => parseListen(value))
  .refine((address) => address !== null, `expected ${ADDRESS}`)
  .transform((address) => address ?? { host: "", port: 0 });

const range = z.string(`expected ${RANGE}`).refine((value) => parseCidr(value) !== null, `expected ${RANGE}`);

export const configSchema = z.strictObject(
  {
    listen: field(listen.prefault("127.0.0.1:8080"), {
      kind: "text",
      description: "address and port of page, API and agents",
      expected: ADDRESS,
      placeholder: "host:port",
      defaultText: "127.0.0.1:8080",
    }),
    data: text({
      description: "directory of everything that the server keeps",
      expected: "a path",
      placeholder: "dir",
      default: defaultDirectory("server"),
      defaultText: defaultDirectoryText("server"),
    }),
    insecure_no_auth: yesNo({
      description: "ask nobody for credentials. For a try-out: refused unless it listens on loopback",
      default: false,
    }),
    auth: group({
      max_failures: count({
        description: "requests a minute without good credentials from one address, before they are sent away",
        min: 1,
        max: 1_000_000,
        unit: "requests",
        default: 30,
      }),
      agent_token_days: count({
        description: "age at which an agent changes its token for a new one by itself; 0: it never does",
        min: 0,
        max: 3650,
        unit: "days",
        default: 0,
      }),
      ...signInShape,
      session: group({
        idle: duration({
          description: "time without a request after which whoever signed in has to do so again",
          min: "5m",
          max: "90d",
          default: "12h",
        }),
        lifetime: duration({
          description: "time after which whoever signed in has to do so again, in any case",
          min: "5m",
          max: "365d",
          default: "14d",
        }),
      }),
    }),
    tls,
    limits,
    log: group({
      level: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
        description: "least important kind of message that is logged",
        placeholder: "level",
        default: "info",
      }),
    }),
    store: z
      .strictObject({
        url: text({
          description: "ClickHouse server to use instead of the embedded engine; of a cluster all nodes, comma between them",
          expected: "a URL of ClickHouse's HTTP interface, such as http://clickhouse:8123",
          placeholder: "url",
          check: (value) => storeUrls(value).every((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? "")),
          default: undefined,
        }),
        cluster: text({
          description: "cluster of the nodes at store.url, as their remote_servers name it: tables are spread over its shards",
          expected: "a name of letters, digits, _ and -",
          placeholder: "name",
          check: (value) => /^[a-z0-9_-]+$/i.test(value),
          default: undefined,
        }),
        replicated: yesNo({
          description:
            "make the tables of a cluster replicated; NOT TESTED, needs ClickHouse Keeper and the macros shard and replica",
          default: false,
        }),
        user: text({
          description: "user at store.url",
          expected: "a text",
          placeholder: "name",
          check: () => true,
          default: "default",
        }),
        password: text({
          description: "password at store.url; better: store.password_file",
          expected: "a text",
          placeholder: "password",
          check: () => true,
          default: undefined,
          secret: true,
        }),
        password_file: text({
          description: "file that holds the password at store.url",
          expected: "a path",
          placeholder: "file",
          default: undefined,
        }),
        database: text({
          description: "database that holds the tables",
          expected: "a name of letters, digits and _",
          placeholder: "name",
          check: (value) => /^[a-z_][a-z0-9_]*$/i.test(value),
          default: "flowtrail",
        }),
        memory: size({ description: "memory that the embedded engine may use", default: "1GiB" }),
        min_free_disk: size({
          description: "free disk below which the embedded engine takes no more rows",
          default: "200MiB",
        }),
        backup_dir: text({
          description: "directory of backups; of the embedded engine the backups themselves, of store.url what is noted of them",
          expected: "a path",
          placeholder: "dir",
          default: undefined,
          defaultText: "backups in the data directory",
        }),
        backup_disk: text({
          description: "disk of the ClickHouse at store.url that backups go to: one of its backups.allowed_disk",
          expected: "a name of letters, digits, _ and -",
          placeholder: "name",
          check: (value) => /^[a-z0-9_-]+$/i.test(value),
          default: undefined,
        }),
      })
      .refine(({ url, cluster }) => cluster !== undefined || url === undefined || storeUrls(url).length === 1, {
        path: ["cluster"],
        error: "expected a name: several servers at store.url must be the nodes of one cluster",
      })
      .refine(({ url, cluster }) => cluster === undefined || url !== undefined, {
        path: ["url"],
        error: "expected the URLs of all nodes of store.cluster",
      })
      .refine(({ cluster, replicated }) => !replicated || cluster !== undefined, {
        path: ["cluster"],
        error: "expected a name: store.replicated is for the tables of a cluster",
      })
      .prefault({} as never),
    inventory: group({
      file: text({
        description: "YAML file that says who has which address; watched while the server runs",
        expected: "a path",
        placeholder: "file",
        default: undefined,
      }),
      netmaker: z
        .strictObject({
          url: text({
            description: "Netmaker server whose REST API is asked who has which address",
            expected: "the URL of Netmaker's API, such as https://api.example.com",
            placeholder: "url",
            check: isPlainUrl,
            default: undefined,
          }),
          token_file: text({
            description:
              "file that holds an access token of a Netmaker user who may read (role auditor); read again for each poll",
            expected: "a path",
            placeholder: "file",
            default: undefined,
          }),
          ca_file: text({
            description: "file of certificates (PEM) that vouch for inventory.netmaker.url, instead of the usual authorities",
            expected: "a path",
            placeholder: "file",
            default: undefined,
          }),
          interval_s: count({ description: "time between two polls", min: 5, max: 86_400, unit: "s", default: 60 }),
        })
        .refine(({ url, token_file }) => url === undefined || token_file !== undefined, {
          path: ["token_file"],
          error: "expected a path: inventory.netmaker.url needs a token",
        })
        .prefault({} as never),
    }),
    netmaker: z
      .strictObject({
        listen: field(listen.optional(), {
          kind: "text",
          description: "address and port for Netmaker's own agents (gRPC); not set: none are let in",
          expected: ADDRESS,
          placeholder: "host:port",
        }),
        tls: netmakerTls,
        allow: list(range, {
          description:
            "from where Netmaker's agents may come (behind a proxy: the proxy's address): they bring no credentials. None: loopback and private addresses",
          expected: "address ranges, such as 10.20.0.0/16",
          placeholder: "cidr,…",
        }),
        forward: text({
          description:
            "Netmaker's own collector: what its agents send is passed on to it, too; its failure never delays anything here",
          expected: "a URL, such as http://netmaker-exporter:50051",
          placeholder: "url",
          check: isPlainUrl,
          default: undefined,
        }),
        lost_after: duration({
          description: "a flow that a Netmaker agent told the start of, and nothing since, is lost after that time",
          min: "1m",
          max: "3d",
          default: "24h",
        }),
        host_rate: count({
          description: "events a second of one host; one that sends more gets its answers later",
          min: 1,
          max: 1_000_000,
          unit: "events",
          default: 2000,
        }),
        max_streams: count({
          description: "most agents at once; one address, such as a proxy's, has nine tenths of them at most",
          min: 1,
          max: 100_000,
          unit: "streams",
          default: 1000,
        }),
        max_envelope: size({ description: "largest message of an agent", default: "1MiB" }),
        hold: duration({
          description: "how long an answer waits while the store can't take rows: an agent that is refused drops them",
          min: "1s",
          max: "5m",
          default: "30s",
        }),
      })
      .prefault({} as never),
    retention: group({
      days: kept("days that flows are kept after their end; what is set at run time overrides all of retention.*", 30),
      deltas_days: kept("days for which it is known when within a flow's life its bytes flowed", 7),
      minutes_days: kept("days that sums by minute are kept", 90),
      hours_days: kept("days that sums by hour are kept", 400),
      rejected_days: kept("days that refused rows are kept", 30),
      batches_days: kept("days for which it is kept what each upload brought", 30),
      audit_days: kept("days that the audit log is kept", 400),
      max_size: text({
        description: "size above which the oldest day is deleted",
        expected: SIZE_LIMIT_EXPECTED,
        placeholder: "size",
        check: (value) => parseSizeLimit(value) !== null,
        default: undefined,
        defaultText: `${DEFAULT_MAX_SIZE} of what the embedded engine's disk has for it; none with store.url`,
      }),
    }),
    ingest: group({
      max_body: size({ description: "largest upload, as it comes over the wire", default: "16MiB" }),
      max_batch: size({ description: "largest upload after decompression", default: "64MiB" }),
      max_rows: count({ description: "most rows in an upload", min: 1, max: 1_000_000, unit: "rows", default: 100_000 }),
      commit_rows: count({
        description: "rows after which waiting uploads are written to the store",
        min: 1,
        max: 1_000_000,
        unit: "rows",
        default: 50_000,
      }),
      commit_interval_ms: count({
        description: "longest time that an upload waits for others before it is written",
        min: 1,
        max: 10_000,
        unit: "ms",
        default: 500,
      }),
      max_waiting: size({
        description:
          "uploads in memory, from their arrival until they are stored, above which agents are asked to come back later",
        default: "256MiB",
      }),
      max_waiting_rows: count({
        description: "waiting rows above which agents are asked to come back later",
        min: 1000,
        max: 10_000_000,
        unit: "rows",
        default: 500_000,
      }),
    }),
    query: group({
      max_seconds: count({ description: "longest time that a question may take", min: 1, max: 600, unit: "s", default: 30 }),
      max_memory: size({ description: "memory that a question may use", default: "400MB" }),
      max_rows: count({
        description: "most rows that a question may read",
        min: 1000,
        max: 1_000_000_000_000,
        unit: "rows",
        default: 1_000_000_000,
      }),
      programs: group({
        max_seconds: count({
          description: "longest time that a question of a program (an API token) may take: nobody waits for its answer in person",
          min: 1,
          max: 600,
          unit: "s",
          default: 15,
        }),
        max_rows: count({
          description: "most rows that a question of a program may read",
          min: 1000,
          max: 1_000_000_000_000,
          unit: "rows",
          default: 500_000_000,
        }),
      }),
    }),
    live: group({
      max_clients: count({
        description: "most pages and programs that may follow live",
        min: 1,
        max: 10_000,
        unit: "followers",
        default: 200,
      }),
      queue_rows: count({
        description: "rows kept for a follower that reads slowly, before rows are dropped and counted",
        min: 10,
        max: 100_000,
        unit: "rows",
        default: 2000,
      }),
    }),
    agents: group({
      enabled: yesNo({ description: "whether agents that ask here capture at all", default: true }),
      update_interval_s: count({
        description: "time between two reports of an open flow",
        min: 1,
        max: 300,
        unit: "s",
        default: 10,
      }),
      flush_interval_ms: count({
        description: "longest time that an agent collects before it sends",
        min: 50,
        max: 60_000,
        unit: "ms",
        default: 500,
      }),
      icmp: yesNo({ description: "capture ICMP", default: true }),
      dns: yesNo({ description: "capture DNS", default: true }),
      names: oneOf(["off", "second-level", "full"], {
        description: "how much of domain names agents keep",
        placeholder: "how",
        default: "full",
      }),
      denied: yesNo({ description: "capture what firewall rules drop", default: false }),
      process: yesNo({ description: "capture which local program made a flow", default: false }),
      exclude: list(range, {
        description: "address ranges whose flows agents leave out",
        expected: "address ranges, such as 10.20.0.0/16",
        placeholder: "cidr,…",
      }),
    }),
    privacy: privacySchema,
    alerts: alertsSchema,
    compliance: complianceSchema,
    outgoing: group({
      allow_link_local: yesNo({
        description:
          "send alerts and records to link-local addresses, too, and to those at which clouds tell a machine its own credentials",
        default: false,
      }),
    }),
    secrets: group({
      key_file: text({
        description:
          "file of the key that secrets which are sent on (of recipients and sinks) are sealed with; made when the first one is set",
        expected: "a path",
        placeholder: "file",
        default: undefined,
        defaultText: "secrets.key in the data directory",
      }),
    }),
    web: group({
      url: text({
        description: "address by which people reach the page: for links, and for the OpenID provider to send them back to",
        expected: "a URL without a path, such as https://flows.example.com",
        placeholder: "url",
        check: (value) => isPlainUrl(value) && URL.parse(value)?.pathname === "/",
        default: undefined,
        defaultText: "the one that a request came by",
      }),
      dir: text({
        description: "directory of the built page",
        expected: "a path",
        placeholder: "dir",
        default: undefined,
        defaultText: "the one that comes along",
      }),
    }),
  },
  "expected keys and values",
);

/** Every option of the server, in the order of the schema. */
export const configOptions: readonly ConfigOption[] = optionsOf(configSchema);

/** The servers that `store.url` names. */
export function storeUrls(text: string): string[] {
  return text.split(",").map((url) => url.trim());
}

export type ServerConfig = z.infer<typeof configSchema>;
export type ListenAddress = ServerConfig["listen"];

/** http or https, and nothing secret in it: it is shown on the health page. */
function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === "";
}

/** Reads `HOST:PORT`, `[v6]:PORT`, `:PORT` (all addresses) or `PORT` (loopback). Port 0 means any free one. Null when it is none. */
export function parseListen(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]:|([^:[\]\s]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  return { host: match[1] ?? (match[2] === undefined ? "127.0.0.1" : match[2] || "::"), port };
}
