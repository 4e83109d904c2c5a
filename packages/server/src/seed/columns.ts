/** The columns of the column table, of what is known of a report's connection. */
import { type ColumnName, columnNamed, FLOW_ID_EPOCH_MS, FLOW_ID_SEQUENCES } from "@flowtrail/model";
import { type Layer, pick, time, v4 } from "./expressions.ts";
import { fromFile, fromNode, fromUser, isKind, ofNetwork, ofReport, toLan, toWorld } from "./kinds-sql.ts";
import { pieceEnd, revision, shareOfPieces } from "./lives.ts";
import * as world from "./world.ts";

/** Code of an enum's word, as the table has it. */
const code = (column: ColumnName, word: string) => columnNamed(column)?.values?.indexOf(word) ?? -1;
const orNull = (condition: string, value: string) => `if(${condition}, ${value}, NULL)`;
const node = (index: string) => ofNetwork(({ nodes }) => pick(nodes, index));
const route = (what: "id" | "name") =>
  ofNetwork(({ routes }) =>
    pick(
      routes.map((one) => one[what]),
      "route",
    ),
  );

/** All but what moved. */
export function columnLayers(untilMs: number): Layer[] {
  return [
    [...NAMES, ["last_ms", `if(is_ended, begun + life, ${pieceEnd("told")})`], ["share_told", shareOfPieces("told")]],
    columns(untilMs),
  ];
}

const person = `(user + ${ofNetwork(({ firstUser }) => firstUser)})`;
const first = pick(world.FIRST_NAMES, `${person} % ${world.FIRST_NAMES.length}`);
const last = pick(world.LAST_NAMES, `intDiv(${person}, ${world.FIRST_NAMES.length})`);

const NAMES: Layer = [
  ["network", ofNetwork(({ id }) => `'${id}'`)],
  ["reporter", node("reporter_index")],
  ["user_name", `concat(${first}, '.', ${last}, '@', network, '.example')`],
  [
    "src_name",
    `multiIf(${fromUser}, user_name, ${fromFile}, ${ofNetwork(({ configFiles }) => pick(configFiles, "file"))}, ${node("node_a")})`,
  ],
  ["dst_name", `multiIf(${toWorld}, NULL, ${toLan}, ${route("name")}, ${isKind("dns")}, ${node("gateway")}, ${node("node_b")})`],
  ["route_id", route("id")],
];

const HOST = pick(world.HOST_WORDS, "world_host % 10");
const BRAND = pick(world.BRAND_WORDS, `intDiv(world_host, 10) % ${world.BRAND_WORDS.length}`);
const FIELD = pick(world.FIELD_WORDS, `intDiv(world_host, 250) % ${world.FIELD_WORDS.length}`);

function columns(untilMs: number): Layer {
  const total = (all: string) => `toUInt64(if(is_ended, ${all}, floor(${all} * share_told)))`;
  const replies = (all: string) => `if(how = 3, NULL, ${total(all)})`;
  const type = (word: string) => code("src_type", word);
  const ended = "is_ended AND NOT is_lost";
  const reason = (word: string) => code("end_reason", word);
  const known = (word: string) => code("domain_source", word);
  const verdicts = ["answered", "refused", "unanswered", "denied"].map((word) => code("verdict", word));
  const natted = `if(${toLan}, ${v4(world.LAN_V4, "(route + net * 100) * 65536 + 1")}, ${v4(world.PUBLIC_V4, "1 + gateway + net * 64")})`;
  return [
    [
      "flow_id",
      `bitOr(bitShiftLeft(toUInt64(begun - ${FLOW_ID_EPOCH_MS}), 22), toUInt64((report + intHash64(reporter_index)) % ${FLOW_ID_SEQUENCES}))`,
    ],
    ["revision", revision("told")],
    ["reporter_id", "concat('n-', reporter)"],
    ["reporter_type", "'sample'"],
    ["direction", ofReport(({ role }) => code("direction", role === "initiator" ? "egress" : "ingress"))],
    ["role", ofReport(({ role }) => code("role", role))],
    ["protocol", "if(is_icmp AND is_v6, 58, transport)"],
    ["src_ip", "toIPv6(src)"],
    ["dst_ip", "toIPv6(dst)"],
    ["src_port", "if(is_icmp, NULL, sent_from)"],
    ["dst_port", "if(is_icmp, NULL, toUInt16(port))"],
    ["icmp_type", orNull("is_icmp", "if(is_v6, 128, 8)")],
    ["icmp_code", orNull("is_icmp", "0")],
    ["icmp_id", orNull("is_icmp", "sent_from")],
    ["nat_src_ip", orNull("is_nat", `toIPv6(${natted})`)],
    ["nat_src_port", orNull("is_nat AND NOT is_icmp", "toUInt16(1024 + d_port % 60000)")],
    ["src_bytes", total("src_all")],
    ["dst_bytes", replies("dst_all")],
    ["src_packets", total("src_pk")],
    ["dst_packets", replies("dst_pk")],
    ["counters_final", ended],
    ["estimated", "false"],
    ["start_exact", "true"],
    ["start", time("begun")],
    ["last_seen", time("last_ms")],
    ["end", orNull(ended, time("last_ms"))],
    ["received", time(`least(last_ms + 150 + d_turn % 700, ${untilMs})`)],
    ["state", `multiIf(NOT is_ended, ${code("state", "open")}, is_lost, ${code("state", "lost")}, ${code("state", "closed")})`],
    [
      "end_reason",
      orNull(
        ended,
        `multiIf(how = 1, ${reason("reset")}, how = 2 OR transport != 6, ${reason("timeout")}, outcome % 50 = 7, ${reason("reset")}, ${reason("finished")})`,
      ),
    ],
    ["verdict", pick(verdicts, "how")],
    ["ct_status", "multiIf(how = 0, 14, how = 1, 10, 8) + if(is_nat, 144, 0)"],
    ["rule", orNull("how = 3", "'fw-drop'")],
    ["src_type", `multiIf(${fromUser}, ${type("user")}, ${fromFile}, ${type("extclient")}, ${type("node")})`],
    ["src_id", `if(${fromNode}, concat('n-', src_name), src_name)`],
    ["src_device", orNull(fromUser, pick(["laptop", "phone"], "d_device % 2"))],
    ["src_by", String(code("src_by", "inventory"))],
    [
      "dst_type",
      `multiIf(is_nobody, ${type("unknown")}, ${toWorld}, ${type("external")}, ${toLan}, ${type("egress_route")}, ${type("node")})`,
    ],
    ["dst_id", `multiIf(${toWorld}, NULL, ${toLan}, route_id, concat('n-', dst_name))`],
    ["dst_by", orNull(`NOT ${toWorld}`, String(code("dst_by", "inventory")))],
    [
      "domain",
      orNull(
        "has_domain",
        `concat(${HOST}, '.', ${BRAND}, ${FIELD}, if(world_host < 10000, '', toString(intDiv(world_host, 10000))), '.example')`,
      ),
    ],
    [
      "domain_source",
      orNull(
        "has_domain",
        `multiIf(d_named % 8 = 0, ${known("dns")}, port = 80, ${known("http")}, transport = 17, ${known("quic")}, ${known("sni")})`,
      ),
    ],
    ["app", orNull("has_domain AND port = 443", "multiIf(transport = 17, 'h3', d_named % 3 = 0, 'http/1.1', 'h2')")],
    ["primary", "view = 0"],
    ["rank", ofReport(({ rank }) => rank)],
  ];
}
