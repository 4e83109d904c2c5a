/**
 * The seeded rows as one question per part, answered by ClickHouse out of nothing but numbers: report number → connection → hashes of
 * seed and connection → who, what, how much, how long. All is whole numbers or the same doubles each time, so the same seed makes the
 * same rows.
 */
import { type ColumnName, columnNamed, FLOW_ID_EPOCH_MS, FLOW_ID_SEQUENCES } from "@flowtrail/model";
import { DELTA_COLUMNS, FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import { KINDS, PLACES } from "./kinds.ts";
import { GROUP_CONNECTIONS, GROUP_REPORTS, type SeedPart } from "./plan.ts";
import * as world from "./world.ts";

export interface SeedQuestion {
  readonly seed: number;
  readonly part: SeedPart;
  /** What would end later is open. */
  readonly untilMs: number;
}

const { NETWORKS } = world;
const text = (value: string) => `'${value}'`;
const array = (values: readonly (string | number)[]) =>
  `[${values.map((value) => (typeof value === "string" ? text(value) : value)).join(", ")}]`;
/** Element `index` (from 0) of a list. */
const pick = (values: readonly (string | number)[], index: string) => `arrayElement(${array(values)}, (${index}) + 1)`;
/** As `pick`, of one list per network. */
const pickByNetwork = (lists: readonly (readonly string[])[], index: string) =>
  `if(net = 0, ${pick(lists[0] ?? [], index)}, ${pick(lists[1] ?? [], index)})`;
const byNetwork = (values: readonly number[]) => `if(net = 0, ${values[0]}, ${values[1]})`;

/** 64 random bits of the connection, a different draw for each name. */
const DRAWS =
  "net who peer ext gateway service high family port life size ratio outcome answer turn device packets jitter named burst".split(
    " ",
  );
const draw = (name: string) => {
  const place = DRAWS.indexOf(name);
  if (place < 0) throw new TypeError(name);
  return `intHash64(base + ${place})`;
};
const share = (bits: string) => `(${bits} / 18446744073709551616.)`;
const modulo = (bits: string, count: number | string) => `toUInt32(${bits} % ${count})`;
/** 0…count − 1; the first is the most frequent, as with words and people (s = 1). */
const zipf = (bits: string, count: number | string) =>
  `least(toUInt32(exp(${share(bits)} * log(${count} + 1))) - 1, ${count} - 1)`;
/** Nearly normal, mean 0, deviation 1: four uniform draws of 16 bits. */
const normal = (bits: string) =>
  `((bitAnd(${bits}, 65535) + bitAnd(bitShiftRight(${bits}, 16), 65535) + bitAnd(bitShiftRight(${bits}, 32), 65535) + bitShiftRight(${bits}, 48)) / 65536 - 2) * 1.7320508`;

/** How long flows live: 80 % under 10 s, 1 % over an hour. Share → ms. */
const LIVES: readonly (readonly [share: number, ms: number])[] = [
  [0, 4],
  [0.3, 90],
  [0.55, 600],
  [0.8, 10_000],
  [0.93, 60_000],
  [0.95, 120_000],
  [0.99, 3_600_000],
  [0.999, 36_000_000],
  [1, 108_000_000],
];
const LIFE_STEPS = 500;
export const LONGEST_LIFE_MS = 108_000_000;

/** Logarithms at every 1 / LIFE_STEPS. */
function lifeTable(): number[] {
  return Array.from({ length: LIFE_STEPS + 1 }, (_, step) => {
    const at = step / LIFE_STEPS;
    const next = Math.max(
      1,
      LIVES.findIndex(([to]) => to >= at),
    );
    const [[from, low], [to, high]] = [LIVES[next - 1] ?? [0, 1], LIVES[next] ?? [1, 1]];
    return Number((Math.log(low) + ((at - from) / (to - from)) * (Math.log(high) - Math.log(low))).toFixed(4));
  });
}

/** Between the table's entries; `at`: 0…1. */
const interpolate = (table: readonly number[], at: string) => {
  const steps = table.length - 1;
  const low = `toUInt32(floor(${at} * ${steps}))`;
  const [from, to] = [pick(table, low), pick(table, `${low} + 1`)];
  return `(${from} + (${at} * ${steps} - ${low}) * (${to} - ${from}))`;
};

type Layer = readonly (readonly [name: string, expression: string])[];

function layers({ seed, part, untilMs }: SeedQuestion): Layer[] {
  const place = `toUInt32(report % ${GROUP_REPORTS})`;
  const connections = Math.ceil(part.reports / GROUP_REPORTS) * GROUP_CONNECTIONS;
  const firstConnection = (part.firstReport / GROUP_REPORTS) * GROUP_CONNECTIONS;
  const kindOf = (name: string) => `kind = ${KINDS.findIndex((kind) => kind.name === name)}`;
  const kindsWith = (test: (kind: (typeof KINDS)[number]) => boolean) =>
    `kind IN (${KINDS.flatMap((kind, index) => (test(kind) ? [index] : [])).join(", ")})`;
  const fromUser = kindsWith(({ source }) => source === "user");
  const fromFile = kindsWith(({ source }) => source === "extclient");
  const fromNode = kindsWith(({ source }) => source === "node");
  const toWorld = kindsWith(({ destination }) => destination === "external");
  const toLan = kindsWith(({ destination }) => destination === "egress_route");
  const pickReport = (value: (report: (typeof KINDS)[number]["reports"][number]) => number) =>
    pick(
      PLACES.map(({ kind, view }) =>
        value((KINDS[kind]?.reports ?? [])[view] ?? { reporter: "source", role: "initiator", rank: 1, nat: false }),
      ),
      "place",
    );
  const plain = NETWORKS.map(({ gateways, routes }) => gateways + routes.length);
  const plainNodes = NETWORKS.map(({ nodes }, n) => nodes.length - (plain[n] ?? 0));
  const serviceList = (list: readonly world.SeedService[]) =>
    list.flatMap(({ protocol, port, weight }) => Array.from({ length: weight }, () => (protocol << 17) + port + 1));
  const serviceOf = (list: readonly world.SeedService[]) => pick(serviceList(list), modulo("d_service", 128));
  const v4 = (first: string, offset: string) => `toUInt128(281470681743360 + ${first} + ${offset})`;
  const v6 = (high: string, low: string) => `bitOr(bitShiftLeft(toUInt128(${high}), 96), toUInt128(${low}))`;
  const inNetwork = (offset: string) =>
    `if(is_v6, ${v6(byNetwork(NETWORKS.map((network) => network.v6)), offset)}, ${v4(byNetwork(NETWORKS.map((network) => network.v4)), offset)})`;
  const ended = `life <= ${untilMs} - begun`;
  return [
    [
      ["place", place],
      [
        "kind",
        pick(
          PLACES.map(({ kind }) => kind),
          "place",
        ),
      ],
      [
        "view",
        pick(
          PLACES.map(({ view }) => view),
          "place",
        ),
      ],
      ["group", `intDiv(report, ${GROUP_REPORTS})`],
      [
        "connection",
        `group * ${GROUP_CONNECTIONS} + ${pick(
          PLACES.map(({ slot }) => slot),
          "place",
        )}`,
      ],
      // The slots of a group are not in the order of time: 7 and 20 have no common divisor.
      [
        "moment",
        `group * ${GROUP_CONNECTIONS} - ${firstConnection} + (connection % ${GROUP_CONNECTIONS} * 7 + intHash64(group)) % ${GROUP_CONNECTIONS}`,
      ],
      ["base", `toUInt64(connection * 64 + ${BigInt.asUintN(64, BigInt(seed) * 0x9e37_79b9_7f4a_7c15n)})`],
    ],
    DRAWS.map((name) => [`d_${name}`, draw(name)]),
    [
      ["net", `toUInt8(${share("d_net")} >= ${NETWORKS[0]?.share})`],
      ["began", `toInt64(floor(${interpolate(part.begun, `((moment + ${share("d_jitter")}) / ${connections})`)}))`],
      ["outcome", modulo("d_outcome", 1000)],
      ["world_host", zipf("d_ext", world.EXTERNAL_HOSTS)],
      ["world_hash", "intHash64(world_host + 77)"],
      ["is_nobody", `${kindOf("web")} AND outcome >= 980`],
    ],
    [
      ["user", zipf("d_who", byNetwork(NETWORKS.map(({ users }) => users)))],
      ["file", zipf("d_who", byNetwork(NETWORKS.map(({ configFiles }) => configFiles.length)))],
      ["node_a", `${byNetwork(plain)} + ${zipf("d_who", byNetwork(plainNodes))}`],
      ["route", zipf("d_peer", byNetwork(NETWORKS.map(({ routes }) => routes.length)))],
      // Not with itself.
      [
        "node_b",
        `${byNetwork(plain)} + if(${fromNode}, (node_a - ${byNetwork(plain)} + 1 + ${zipf("d_peer", byNetwork(plainNodes.map((n) => n - 1)))}) % ${byNetwork(plainNodes)}, ${zipf("d_peer", byNetwork(plainNodes))})`,
      ],
      [
        "gateway",
        `multiIf(${fromUser}, user, ${fromFile}, file, node_a) % ${byNetwork(NETWORKS.map(({ gateways }) => gateways))}`,
      ],
      ["via", `${byNetwork(NETWORKS.map(({ gateways }) => gateways))} + route`],
      ["is_v6", `multiIf(${toWorld}, world_hash % 5 = 0 AND NOT is_nobody, ${toLan}, false, d_family % 8 = 0)`],
      [
        "service",
        `multiIf(${toWorld}, ${serviceOf(world.WORLD_SERVICES)}, ${toLan}, ${serviceOf(world.LAN_SERVICES)}, ${kindOf("dns")}, ${serviceOf(world.DNS_SERVICES)}, ${serviceOf(world.MESH_SERVICES)})`,
      ],
      ["transport", "toUInt8(bitShiftRight(service, 17))"],
      ["port", "if(bitAnd(service, 131071) = 0, 32768 + d_high % 28232, bitAnd(service, 131071) - 1)"],
      ["is_icmp", "transport = 1"],
      [
        "how",
        `multiIf(is_nobody, 2, ${kindOf("dns")}, if(outcome < 4, 2, 0), outcome < 4 AND ${kindsWith(({ reports }) => reports.length === 1)}, 3, outcome < 35, 2, outcome < 60 AND transport = 6, 1, 0)`,
      ],
      ["is_lost", "outcome = 100"],
    ],
    [
      ["long_life", `exp(${interpolate(lifeTable(), share("d_life"))})`],
      [
        "life",
        `toInt64(multiIf(how = 1, 1 + d_life % 60, how = 2, 1000 + d_life % 6000, how = 3, 0, ${kindOf("dns")}, 2 + d_life % 80, long_life))`,
      ],
      ["begun", `least(began + view * (1 + toInt64(d_turn % 4)), ${untilMs})`],
      ["seconds", "life / 1000"],
      [
        "src_all",
        `toUInt64(multiIf(how = 1, 60, how = 2, 60 * (1 + d_size % 3), how = 3, 60 * (1 + d_size % 9), ${kindOf("dns")}, 55 + d_size % 40, is_icmp, 84 * least(1 + floor(seconds), 1000), least(3e10, 240 + down * exp(${normal("d_ratio")} * 0.9 - 2.4))))`,
      ],
      [
        "dst_all",
        `toUInt64(multiIf(how = 1, 40, how IN (2, 3), 0, ${kindOf("dns")}, 70 + d_ratio % 300, is_icmp, src_all, down))`,
      ],
      ["down", `least(3e10, 180 + exp(8.2 + ${normal("d_size")} * 2.1) * pow(1 + seconds, 0.7))`],
      ["pieces", "toInt64(if(life < 60000, 1, least(intDiv(life, 60000) + 1, 12 + intDiv(life, 600000))))"],
    ],
    [
      ["is_ended", ended],
      // How many of the pieces have been by then: piece k ends at life · (k + 1) / pieces.
      ["told", `if(is_ended, pieces, least(pieces, intDiv(pieces * (${untilMs} - begun + 1) - 1, greatest(life, 1))))`],
      ["src_pk", "multiIf(how IN (1, 2, 3), intDiv(src_all, 60), is_icmp, intDiv(src_all, 84), 3 + intDiv(src_all, 700))"],
      ["dst_pk", "multiIf(how = 1, 1, how IN (2, 3), 0, is_icmp, src_pk, 2 + intDiv(dst_all, 1250))"],
      [
        "reporter_index",
        `multiIf(${["gateway", "source", "destination", "via"].map((who, n) => `${pickReport(({ reporter }) => (reporter === who ? 1 : 0))} = 1, ${["gateway", "node_a", "node_b", "via"][n]}`).join(", ")}, 0)`,
      ],
      ["is_nat", `${pickReport(({ nat }) => Number(nat))} = 1 AND NOT is_v6 AND how != 3`],
      ["has_domain", `${toWorld} AND NOT is_nobody AND NOT is_icmp AND port IN (443, 80, 993) AND world_hash % 16 != 0`],
      ["sent_from", "toUInt16(32768 + d_port % 28232)"],
      [
        "src",
        `multiIf(${fromUser}, ${inNetwork("4096 + user * 4 + toUInt32(d_device % 2)")}, ${fromFile}, ${inNetwork("32768 + file")}, ${inNetwork("256 + node_a")})`,
      ],
      [
        "dst",
        `multiIf(is_nobody, ${inNetwork("49152 + d_peer % 8192")}, ${toWorld}, if(is_v6, ${v6(String(world.EXTERNAL_V6), "world_hash")}, ${v4(String(world.EXTERNAL_V4), "world_host")}), ${toLan}, ${v4(String(world.LAN_V4), "((route + if(net = 0, 0, 100)) * 65536 + 256 + d_high % 600)")}, ${inNetwork(`256 + if(${kindOf("dns")}, gateway, node_b)`)})`,
      ],
    ],
    names({ fromUser, fromFile, toWorld, toLan, kindOf }),
    [["share_told", burst("told")], ...columns({ fromUser, fromFile, fromNode, toWorld, toLan, kindOf, pickReport, untilMs })],
  ];
}

/** What share of the whole the first `k` pieces are: exact at both ends, uneven between. */
function burst(k: string): string {
  return `multiIf(${k} = 0, 0., ${k} >= pieces, 1., (${k} + 0.8 * (intHash64(d_burst + ${k}) / 18446744073709551616. - 0.5)) / pieces)`;
}

interface Parts {
  readonly fromUser: string;
  readonly fromFile: string;
  readonly fromNode: string;
  readonly toWorld: string;
  readonly toLan: string;
  readonly kindOf: (name: string) => string;
  readonly pickReport: (value: (report: (typeof KINDS)[number]["reports"][number]) => number) => string;
  readonly untilMs: number;
}

/** Code of an enum's word, as the table has it. */
function code(column: ColumnName, word: string): number {
  return columnNamed(column)?.values?.indexOf(word) ?? -1;
}

function names({ fromUser, fromFile, toWorld, toLan, kindOf }: Omit<Parts, "fromNode" | "pickReport" | "untilMs">): Layer {
  const list = (of: (network: world.SeedNetwork) => readonly string[], index: string) => pickByNetwork(NETWORKS.map(of), index);
  const nodes = (index: string) => list((network) => network.nodes, index);
  const person = `(user + ${byNetwork(NETWORKS.map(({ firstUser }) => firstUser))})`;
  const user = `concat(${pick(world.FIRST_NAMES, `${person} % ${world.FIRST_NAMES.length}`)}, '.', ${pick(world.LAST_NAMES, `intDiv(${person}, ${world.FIRST_NAMES.length})`)}, '@', ${pick(
    NETWORKS.map(({ id }) => id),
    "net",
  )}, '.example')`;
  const files = list((network) => network.configFiles, "file");
  const routes = (what: "id" | "name") => list((network) => network.routes.map((route) => route[what]), "route");
  return [
    ["reporter", nodes("reporter_index")],
    ["src_name", `multiIf(${fromUser}, ${user}, ${fromFile}, ${files}, ${nodes("node_a")})`],
    ["dst_name", `multiIf(${toWorld}, NULL, ${toLan}, ${routes("name")}, ${nodes(`if(${kindOf("dns")}, gateway, node_b)`)})`],
    ["route_id", routes("id")],
  ];
}

function columns(parts: Parts): Layer {
  const { fromUser, fromFile, fromNode, toWorld, toLan, pickReport, untilMs } = parts;
  const time = (ms: string) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
  const type = (word: string) => code("src_type", word);
  const status = code("state", "closed");
  const lastTold = `if(is_ended, begun + life, begun + intDiv(life * told, pieces))`;
  const total = (all: string) => `toUInt64(if(is_ended, ${all}, floor(${all} * share_told)))`;
  const replies = (value: string) => `if(how = 3, NULL, ${value})`;
  return [
    ["last_ms", lastTold],
    [
      "flow_id",
      `bitOr(bitShiftLeft(toUInt64(begun - ${FLOW_ID_EPOCH_MS}), 22), toUInt64((report + intHash64(reporter_index)) % ${FLOW_ID_SEQUENCES}))`,
    ],
    ["revision", "toUInt32(if(pieces = 1 AND life < 2000, 0, told))"],
    ["reporter_id", "concat('n-', reporter)"],
    ["reporter_type", "'sample'"],
    [
      "network",
      pick(
        NETWORKS.map(({ id }) => id),
        "net",
      ),
    ],
    ["direction", pickReport(({ role }) => code("direction", role === "initiator" ? "egress" : "ingress"))],
    ["role", pickReport(({ role }) => code("role", role))],
    ["protocol", "if(is_icmp AND is_v6, 58, transport)"],
    ["src_ip", "toIPv6(src)"],
    ["dst_ip", "toIPv6(dst)"],
    ["src_port", "if(is_icmp, NULL, sent_from)"],
    ["dst_port", "if(is_icmp, NULL, toUInt16(port))"],
    ["icmp_type", "if(is_icmp, if(is_v6, 128, 8), NULL)"],
    ["icmp_code", "if(is_icmp, toUInt8(0), NULL)"],
    ["icmp_id", "if(is_icmp, sent_from, NULL)"],
    [
      "nat_src_ip",
      `if(is_nat, toIPv6(toUInt128(281470681743360 + if(${toLan}, ${world.LAN_V4} + route * 65536 + 1, ${world.PUBLIC_V4} + 1 + gateway + net * 64))), NULL)`,
    ],
    ["nat_src_port", "if(is_nat AND NOT is_icmp, toUInt16(1024 + d_port % 60000), NULL)"],
    ["src_bytes", total("src_all")],
    ["dst_bytes", replies(total("dst_all"))],
    ["src_packets", total("src_pk")],
    ["dst_packets", replies(total("dst_pk"))],
    ["counters_final", "is_ended AND NOT is_lost"],
    ["estimated", "false"],
    ["start_exact", "true"],
    ["start", time("begun")],
    ["last_seen", time("last_ms")],
    ["end", `if(is_ended AND NOT is_lost, ${time("last_ms")}, NULL)`],
    ["received", time(`least(last_ms + 150 + d_turn % 700, ${untilMs})`)],
    ["state", `multiIf(NOT is_ended, ${code("state", "open")}, is_lost, ${code("state", "lost")}, ${status})`],
    [
      "end_reason",
      `if(is_ended AND NOT is_lost, multiIf(how = 1, ${code("end_reason", "reset")}, how = 2 OR transport != 6, ${code("end_reason", "timeout")}, outcome % 50 = 7, ${code("end_reason", "reset")}, ${code("end_reason", "finished")}), NULL)`,
    ],
    [
      "verdict",
      pick(
        ["answered", "refused", "unanswered", "denied"].map((word) => code("verdict", word)),
        "how",
      ),
    ],
    ["ct_status", "multiIf(how = 0, 14, how = 1, 10, 8) + if(is_nat, 144, 0)"],
    ["rule", "if(how = 3, 'fw-drop', NULL)"],
    ["src_type", `multiIf(${fromUser}, ${type("user")}, ${fromFile}, ${type("extclient")}, ${type("node")})`],
    ["src_id", `if(${fromNode}, concat('n-', src_name), src_name)`],
    ["src_device", `if(${fromUser}, ${pick(["laptop", "phone"], "d_device % 2")}, NULL)`],
    ["src_by", String(code("src_by", "inventory"))],
    [
      "dst_type",
      `multiIf(is_nobody, ${type("unknown")}, ${toWorld}, ${type("external")}, ${toLan}, ${type("egress_route")}, ${type("node")})`,
    ],
    ["dst_id", `multiIf(${toWorld}, NULL, ${toLan}, route_id, concat('n-', dst_name))`],
    ["dst_by", `if(${toWorld}, NULL, ${code("dst_by", "inventory")})`],
    [
      "domain",
      `if(has_domain, concat(${pick(world.HOST_WORDS, "world_host % 10")}, '.', ${pick(world.BRAND_WORDS, `intDiv(world_host, 10) % ${world.BRAND_WORDS.length}`)}, ${pick(world.FIELD_WORDS, `intDiv(world_host, 250) % ${world.FIELD_WORDS.length}`)}, if(world_host < 10000, '', toString(intDiv(world_host, 10000))), '.example'), NULL)`,
    ],
    [
      "domain_source",
      `if(has_domain, multiIf(d_named % 8 = 0, ${code("domain_source", "dns")}, port = 80, ${code("domain_source", "http")}, transport = 17, ${code("domain_source", "quic")}, ${code("domain_source", "sni")}), NULL)`,
    ],
    ["app", "if(has_domain AND port = 443, multiIf(transport = 17, 'h3', d_named % 3 = 0, 'http/1.1', 'h2'), NULL)"],
    ["primary", "view = 0"],
    ["rank", pickReport(({ rank }) => rank)],
  ];
}

/** The part's reports with all columns and what makes their deltas. */
function reports(question: SeedQuestion): string {
  const { firstReport, reports: count } = question.part;
  const numbers = `SELECT number + ${firstReport} AS report FROM numbers_mt(${count})`;
  return layers(question).reduce(
    (inner, layer) => `SELECT *, ${layer.map(([name, expression]) => `${expression} AS ${name}`).join(", ")} FROM (${inner})`,
    numbers,
  );
}

/** INSERT of the part's ended flows, or of those that are open at the end of the window. */
export function insertFlows(table: string, which: "ended" | "open", question: SeedQuestion): string {
  const made = reports(question);
  const names = FLOW_COLUMNS.map(({ name }) => name).filter(
    (name) => made.includes(` AS ${name},`) || made.includes(` AS ${name} `),
  );
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${names.join(", ")} FROM (${made}) WHERE ${which === "open" ? "NOT " : ""}is_ended`;
}

/** INSERT of what the part's flows moved, piece by piece, up to the end of the window. */
export function insertDeltas(table: string, question: SeedQuestion): string {
  const step = (all: string) => `toUInt64(floor(${all} * upto)) - toUInt64(floor(${all} * before))`;
  const moment = (k: string) => `begun + intDiv(life * (${k}), pieces)`;
  const own: Record<string, string> = {
    last_seen: "fromUnixTimestamp64Milli(toInt64(to_ms), 'UTC')",
    revision: "toUInt32(if(pieces = 1 AND life < 2000, 0, k + 1))",
    since: "fromUnixTimestamp64Milli(toInt64(greatest(from_ms, to_ms - 60000)), 'UTC')",
    src_bytes_delta: step("src_all"),
    dst_bytes_delta: step("dst_all"),
    src_packets_delta: step("src_pk"),
    dst_packets_delta: step("dst_pk"),
  };
  const names = DELTA_COLUMNS.map(({ name }) => name);
  const selected = names.map((name) => (own[name] === undefined ? name : `${own[name]} AS new_${name}`));
  const pieces = `SELECT *, arrayJoin(range(toUInt64(told))) AS k FROM (${reports(question)})`;
  const timed = `SELECT *, ${moment("k + 1")} AS to_ms, ${moment("k")} AS from_ms, ${burst("k + 1")} AS upto, ${burst("k")} AS before FROM (${pieces})`;
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${selected.join(", ")} FROM (${timed})`;
}
