/** Everything that the agent can be told: THE one schema. Flags, environment names, YAML keys, help and the reference page are made from it. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Cidr, parseCidr } from "@flowtrail/model";
import {
  type ConfigError,
  type ConfigOption,
  count,
  defaultDirectory,
  defaultDirectoryText,
  duration,
  group,
  invalidConfig,
  type Layers,
  list,
  mergeConfig,
  mistypedNames,
  oneOf,
  optionsOf,
  readYamlFile,
  requiredText,
  size,
  text,
  yesNo,
} from "@flowtrail/settings";
import { z } from "zod";

/** As the server's door takes it (header `Flowtrail-Node`). */
const NAME = /^[\w.:@-]{1,128}$/;
const RANGE = "an address range, such as 100.64.0.0/10 or fd00:10::/64";
const NETWORK = "ID=CIDR[,CIDR…], such as netmaker=100.64.0.0/10,fd00:10::/64";

const range = z
  .string(`expected ${RANGE}`)
  .transform((value) => parseCidr(value))
  .refine((cidr) => cidr !== null, `expected ${RANGE}`)
  .transform((cidr) => cidr as Cidr);
const ranges = z.array(range, `expected a list of address ranges, such as [100.64.0.0/10]`).min(1, "expected at least one range");
const id = z.string("expected a name").regex(NAME, "expected a name of letters, digits and _ . : @ -");

const network = z.preprocess(
  (value) => {
    const at = typeof value === "string" ? value.indexOf("=") : -1;
    if (typeof value !== "string" || at < 0) return value;
    return {
      id: value.slice(0, at),
      ranges: value
        .slice(at + 1)
        .split(",")
        .map((part) => part.trim()),
    };
  },
  z.strictObject(
    { id, ranges, egress: z.array(z.strictObject({ id, ranges }), "expected a list of routes (id, ranges)").default([]) },
    `expected ${NETWORK}`,
  ),
);

const port = z
  .union([z.number(), z.string()], "expected a port")
  .transform((value) => Number(value))
  .refine((value) => Number.isInteger(value) && value > 0 && value < 65_536, "expected a port from 1 to 65535");

const schema = z.strictObject(
  {
    server: requiredText({
      description: "URL of the server",
      expected: "an http or https URL, such as https://flowtrail.example:8443",
      placeholder: "url",
      check: (value) => serverUrl(value) !== null,
    }),
    token_file: text({
      description:
        "file that holds this node's token (made with `flowtrail token create`); may be left out for a server on loopback",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    enrol_token_file: text({
      description:
        "file that holds an enrolment token (`flowtrail token create --enrol`): the first start changes it for a token of this node's own, which is kept in `state`; later starts don't need it. FLOWTRAIL_ENROL_TOKEN may hold the token itself",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    node: text({
      description: "name of this node, as people shall see it",
      expected: "a name of letters, digits and _ . : @ -",
      placeholder: "name",
      check: (value) => NAME.test(value),
      default: hostname(),
      defaultText: "the host's name",
    }),
    networks: list(network, {
      description:
        "an overlay network and its address ranges; without any: WireGuard and other overlay interfaces are found by themselves",
      expected: NETWORK,
      placeholder: "id=cidr,…",
      flag: "--network",
      separator: ";",
    }),
    state: text({
      description: "directory of the agent's own: spool, checkpoint, status.json",
      expected: "a path",
      placeholder: "dir",
      default: defaultDirectory("agent"),
      defaultText: defaultDirectoryText("agent"),
    }),
    ca_file: text({
      description: "file with the certificates (PEM) that the server's is checked against, instead of the system's",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    cert_file: text({
      description: "file with this agent's own certificate (PEM), where the server asks for one; read again when it changes",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    key_file: text({
      description: "file with the key of cert_file (PEM)",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    update_interval_s: count({
      description: "time between two reports of an open flow",
      min: 1,
      max: 300,
      unit: "s",
      default: undefined,
      defaultText: "what the server says, else 10",
    }),
    flush_interval_ms: count({
      description: "longest time that changes are collected before they are written to the spool and sent",
      min: 50,
      max: 60_000,
      unit: "ms",
      default: undefined,
      defaultText: "what the server says, else 500",
    }),
    server_config_interval: duration({
      description: "time between two questions for the server's configuration (networks, members, what to capture)",
      min: "1s",
      max: "10m",
      default: "30s",
    }),
    max_flows: count({
      description: "open flows that are kept in memory; more are counted as dropped (`table_full`)",
      min: 1000,
      max: 10_000_000,
      unit: "flows",
      default: 500_000,
    }),
    capture: group({
      icmp: yesNo({ description: "capture ICMP", default: undefined, defaultText: "what the server says, else true" }),
      dns: yesNo({ description: "capture DNS (port 53)", default: undefined, defaultText: "what the server says, else true" }),
      names: oneOf(["off", "second-level", "full"], {
        description:
          "names of what is connected to, from DNS answers, TLS, QUIC and HTTP: all of them, their last two labels only, or none (nothing is captured then)",
        placeholder: "off|second-level|full",
        default: undefined,
        defaultText: "what the server says; none before it has said anything",
      }),
      process: yesNo({
        description: "local program and user of this host's own connections; other users' programs only as root",
        default: undefined,
        defaultText: "what the server says, else false",
      }),
      denied: yesNo({
        description: "rows of what firewall rules drop, as far as log rules or `denied_rules` tell of it",
        default: undefined,
        defaultText: "what the server says, else false",
      }),
      denied_group: count({
        description:
          'nflog group that log rules send dropped packets to (`log group 740 prefix "…"`, `-j NFLOG --nflog-group 740`); a group has one listener only',
        min: 0,
        max: 65_535,
        unit: "group",
        default: 740,
      }),
      denied_rules: oneOf(["off", "auto"], {
        description:
          "auto: a table of the agent's own traces first packets (200 a second at most), so that drops of nftables and iptables-nft are known without log rules",
        placeholder: "off|auto",
        default: "off",
      }),
      quic_ports: list(port, {
        description: "UDP ports on which names are looked for in QUIC, besides 443",
        expected: "ports, such as 8443",
        placeholder: "port,…",
      }),
      tracking: yesNo({
        description:
          "switch the kernel's connection tracking on with an nftables table of the agent's own; false: rules of your own do it",
        default: true,
      }),
      receive_buffer: size({
        description: "kernel buffer for connection events; the kernel may double it",
        min: "256KiB",
        max: "1GiB",
        default: "64MiB",
      }),
    }),
    wireguard: group({
      ports: list(port, {
        description:
          "UDP ports of the overlay's own transport that is not to be counted, besides those of this host's WireGuard interfaces",
        expected: "ports, such as 51820",
        placeholder: "port,…",
      }),
    }),
    spool: group({
      max_bytes: size({
        description: "disk that batches may take while the server is away; then the oldest are dropped and counted",
        min: "1MiB",
        max: "10TiB",
        default: "512MiB",
      }),
      max_segment_bytes: size({
        description: "size of one file of the spool; at most a quarter of spool.max_bytes is used",
        min: "64KiB",
        max: "1GiB",
        default: "8MiB",
      }),
    }),
    ship: group({
      timeout: duration({ description: "longest time that an upload may take", min: "1s", max: "10m", default: "30s" }),
      max_pause: duration({
        description: "longest pause between two attempts while the server is away",
        min: "1s",
        max: "1h",
        default: "30s",
      }),
    }),
    log: group({
      level: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
        description: "least important kind of message that is logged",
        placeholder: "level",
        default: "info",
      }),
    }),
  },
  "expected keys and values",
);

/** Every option of the agent, in the order of help. `--config` and `--help` come in addition. */
export const AGENT_OPTIONS: readonly ConfigOption[] = optionsOf(schema);

export type AgentConfig = Omit<z.output<typeof schema>, "server"> & {
  readonly server: URL;
  /** The token itself, of the environment: no flag, which all users of the machine would see. */
  readonly enrol_token: string | undefined;
};
export type ConfiguredNetwork = AgentConfig["networks"][number];

export interface AgentConfigInputs {
  /** By key (`spool.max_bytes`), as texts; a list where the flag was repeated. */
  readonly flags?: Layers["flags"];
  readonly env?: Layers["env"];
  /** Path of a YAML file. Default: FLOWTRAIL_CONFIG of the environment. */
  readonly file?: string | undefined;
}

/**
 * Reads the configuration once: flags over environment over file over defaults.
 * `warnings`: names in the environment that were probably mistyped.
 * @throws ConfigError with everything that is wrong
 */
export function loadAgentConfig({ flags = {}, env = {}, file = env.FLOWTRAIL_CONFIG }: AgentConfigInputs): {
  config: AgentConfig;
  warnings: string[];
} {
  const layers = { flags, env, ...(file === undefined || file === "" ? {} : { file: readYamlFile(file) }) };
  const { server, ...rest } = mergeConfig(schema, AGENT_OPTIONS, layers);
  const url = new URL(server);
  const enrol_token = env.FLOWTRAIL_ENROL_TOKEN?.trim() || undefined;
  const given = [rest.token_file, rest.enrol_token_file, enrol_token].filter((one) => one !== undefined);
  if (given.length > 1)
    throw missing("enrol_token_file", "expected one of: token_file, enrol_token_file, FLOWTRAIL_ENROL_TOKEN; there are several");
  if (given.length === 0 && !isLoopback(url) && !existsSync(join(rest.state, `${rest.node}.token`))) {
    throw missing(
      "token_file",
      `expected a file with this node's token, or an enrolment token (only a server on loopback may do without, ${url.host} is not)`,
    );
  }
  if ((rest.cert_file === undefined) !== (rest.key_file === undefined))
    throw missing(rest.key_file === undefined ? "key_file" : "cert_file", "expected a path: certificate and key go together");
  const repeated = rest.networks.find((one, i) => rest.networks.findIndex((other) => other.id === one.id) !== i);
  if (repeated) throw missing("networks", `expected every network once (all its ranges together), ${repeated.id} is there twice`);
  const warnings = mistypedNames(AGENT_OPTIONS, env).map(
    ({ name, meant }) => `${name} in the environment is no key of ours: did you mean ${meant}?`,
  );
  return { config: { ...rest, enrol_token, server: url }, warnings };
}

function missing(key: string, expectation: string): ConfigError {
  const option = AGENT_OPTIONS.find((one) => one.key === key);
  return invalidConfig([
    { path: key, value: "nothing", expectation, source: `${option?.flag}, ${option?.env} or ${key} in the file` },
  ]);
}

/** Null if it is not one that the agent can talk to. */
function serverUrl(value: string): URL | null {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") return null;
  return url;
}

/** Is it this machine, by its name or address? */
export function isLoopback(url: URL): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
