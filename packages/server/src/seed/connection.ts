/** Report number → connection → hashes of seed and connection → who, what, how much, how long. Layer by layer. */
import { interpolate, type Layer, modulo, normal, pick, share, v4, v6, zipf } from "./expressions.ts";
import { fromFile, fromNode, fromUser, hasOneReport, isKind, ofNetwork, ofPlace, ofReport, toLan, toWorld } from "./kinds-sql.ts";
import { lifeOf, PIECES, piecesBefore } from "./lives.ts";
import { GROUP_CONNECTIONS, GROUP_REPORTS, type SeedPart } from "./plan.ts";
import * as world from "./world.ts";

export interface SeedQuestion {
  readonly seed: number;
  readonly part: SeedPart;
  /** What would end later is open, ms since 1970. */
  readonly untilMs: number;
}

/** 64 random bits of the connection each. */
const DRAWS = "net who peer ext service high family port life size ratio outcome turn device jitter named burst".split(" ");

const reserved = ({ gateways, routes }: world.SeedNetwork) => gateways + routes.length;
/** Nodes that are neither a gateway nor in front of a LAN. */
const plainNodes = (network: world.SeedNetwork) => network.nodes.length - reserved(network);

const service = (services: readonly world.SeedService[]) => {
  const drawn = services.flatMap(({ protocol, port, weight }) =>
    Array.from({ length: weight }, () => (protocol << 17) + port + 1),
  );
  return pick(drawn, modulo("d_service", drawn.length));
};
const inNetwork = (offset: string) => {
  const [first, prefix] = [ofNetwork((network) => network.v4), ofNetwork((network) => network.v6)];
  return `if(is_v6, ${v6(prefix, offset)}, ${v4(first, offset)})`;
};

export function connectionLayers({ seed, part, untilMs }: SeedQuestion): Layer[] {
  return [
    place(seed, part),
    DRAWS.map((name, n) => [`d_${name}`, `intHash64(base + ${n})`]),
    where(part),
    WHO,
    how(untilMs),
    much(untilMs),
  ];
}

function place(seed: number, part: SeedPart): Layer {
  const first = (part.firstReport / GROUP_REPORTS) * GROUP_CONNECTIONS;
  return [
    ["place", `toUInt32(report % ${GROUP_REPORTS})`],
    ["kind", ofPlace(({ kind }) => kind)],
    ["view", ofPlace(({ view }) => view)],
    ["group", `intDiv(report, ${GROUP_REPORTS})`],
    ["connection", `group * ${GROUP_CONNECTIONS} + ${ofPlace(({ slot }) => slot)}`],
    // The slots of a group are not in the order of time: 7 and 20 have no common divisor.
    [
      "moment",
      `group * ${GROUP_CONNECTIONS} - ${first} + (connection % ${GROUP_CONNECTIONS} * 7 + intHash64(group)) % ${GROUP_CONNECTIONS}`,
    ],
    ["base", `toUInt64(connection * 64 + ${BigInt.asUintN(64, BigInt(seed) * 0x9e37_79b9_7f4a_7c15n)})`],
  ];
}

function where(part: SeedPart): Layer {
  const connections = Math.ceil(part.reports / GROUP_REPORTS) * GROUP_CONNECTIONS;
  return [
    ["net", `toUInt8(${share("d_net")} >= ${world.NETWORKS[0]?.share})`],
    ["began", `toInt64(floor(${interpolate(part.begun, `((moment + ${share("d_jitter")}) / ${connections})`)}))`],
    ["outcome", modulo("d_outcome", 1000)],
    ["world_host", zipf("d_ext", world.EXTERNAL_HOSTS)],
    ["world_hash", "intHash64(world_host + 77)"],
    ["is_nobody", `${isKind("web")} AND outcome >= 980`],
  ];
}

const WHO: Layer = [
  [
    "user",
    zipf(
      "d_who",
      ofNetwork(({ users }) => users),
    ),
  ],
  [
    "file",
    zipf(
      "d_who",
      ofNetwork(({ configFiles }) => configFiles.length),
    ),
  ],
  ["node_a", `${ofNetwork(reserved)} + ${zipf("d_who", ofNetwork(plainNodes))}`],
  // Not the source itself.
  [
    "other",
    `node_a - ${ofNetwork(reserved)} + 1 + ${zipf(
      "d_peer",
      ofNetwork((network) => plainNodes(network) - 1),
    )}`,
  ],
  [
    "node_b",
    `${ofNetwork(reserved)} + if(${fromNode}, other % ${ofNetwork(plainNodes)}, ${zipf("d_peer", ofNetwork(plainNodes))})`,
  ],
  ["gateway", `multiIf(${fromUser}, user, ${fromFile}, file, node_a) % ${ofNetwork(({ gateways }) => gateways)}`],
  [
    "route",
    zipf(
      "d_peer",
      ofNetwork(({ routes }) => routes.length),
    ),
  ],
  ["via", `${ofNetwork(({ gateways }) => gateways)} + route`],
  ["is_v6", `multiIf(${toWorld}, world_hash % 5 = 0 AND NOT is_nobody, ${toLan}, false, d_family % 8 = 0)`],
  [
    "service",
    `multiIf(${toWorld}, ${service(world.WORLD_SERVICES)}, ${toLan}, ${service(world.LAN_SERVICES)}, ${isKind("dns")}, ${service(world.DNS_SERVICES)}, ${service(world.MESH_SERVICES)})`,
  ],
  ["transport", "toUInt8(bitShiftRight(service, 17))"],
  ["port", "if(bitAnd(service, 131071) = 0, 32768 + d_high % 28232, bitAnd(service, 131071) - 1)"],
  ["is_icmp", "transport = 1"],
];

/** `how`: 0 answered, 1 refused, 2 unanswered, 3 denied (of which one node knows). */
function how(untilMs: number): Layer {
  const dns = isKind("dns");
  return [
    [
      "how",
      `multiIf(is_nobody, 2, ${dns}, if(outcome < 4, 2, 0), outcome < 4 AND ${hasOneReport}, 3, outcome < 35, 2, outcome < 60 AND transport = 6, 1, 0)`,
    ],
    ["is_lost", "outcome = 100"],
    ["long_life", lifeOf("d_life")],
    [
      "life",
      `toInt64(multiIf(how = 1, 1 + d_life % 60, how = 2, 1000 + d_life % 6000, how = 3, 0, ${dns}, 2 + d_life % 80, long_life))`,
    ],
    // Nobody else sees a packet in the same millisecond.
    ["begun", `least(began + view * (1 + toInt64(d_turn % 4)), ${untilMs})`],
    ["pieces", PIECES],
    ["down", `least(3e10, 180 + exp(8.2 + ${normal("d_size")} * 2.1) * pow(1 + life / 1000, 0.7))`],
    ["up", `least(3e10, 240 + down * exp(${normal("d_ratio")} * 0.9 - 2.4))`],
    [
      "src_all",
      `toUInt64(multiIf(how = 1, 60, how = 2, 60 * (1 + d_size % 3), how = 3, 60 * (1 + d_size % 9), ${dns}, 55 + d_size % 40, is_icmp, 84 * least(1 + intDiv(life, 1000), 1000), up))`,
    ],
    ["dst_all", `toUInt64(multiIf(how = 1, 40, how IN (2, 3), 0, ${dns}, 70 + d_ratio % 300, is_icmp, src_all, down))`],
  ];
}

function much(untilMs: number): Layer {
  const dns = isKind("dns");
  const reporters = { gateway: "gateway", source: "node_a", destination: "node_b", via: "via" };
  const cases = Object.entries(reporters).map(
    ([who, index]) => `${ofReport(({ reporter }) => Number(reporter === who))} = 1, ${index}`,
  );
  return [
    ["is_ended", `life <= ${untilMs} - begun`],
    ["told", `if(is_ended, pieces, ${piecesBefore(String(untilMs))})`],
    [
      "src_pk",
      `multiIf(how IN (1, 2, 3), intDiv(src_all, 60), ${dns}, 1, is_icmp, intDiv(src_all, 84), 3 + intDiv(src_all, 700))`,
    ],
    ["dst_pk", `multiIf(how = 1, 1, how IN (2, 3), 0, ${dns}, 1, is_icmp, src_pk, 2 + intDiv(dst_all, 1250))`],
    ["reporter_index", `multiIf(${cases.join(", ")}, 0)`],
    ["is_nat", `${ofReport(({ nat }) => Number(nat))} = 1 AND NOT is_v6 AND how != 3`],
    ["has_domain", `${toWorld} AND NOT is_nobody AND NOT is_icmp AND port IN (443, 80, 993) AND world_hash % 16 != 0`],
    ["sent_from", "toUInt16(32768 + d_port % 28232)"],
    [
      "src",
      `multiIf(${fromUser}, ${inNetwork("4096 + user * 4 + toUInt32(d_device % 2)")}, ${fromFile}, ${inNetwork("32768 + file")}, ${inNetwork("256 + node_a")})`,
    ],
    ["world_ip", `if(is_v6, ${v6(world.EXTERNAL_V6, "world_hash")}, ${v4(world.EXTERNAL_V4, "1 + world_host")})`],
    ["lan_ip", v4(world.LAN_V4, "(route + net * 100) * 65536 + 256 + d_high % 600")],
    [
      "dst",
      `multiIf(is_nobody, ${inNetwork("49152 + d_peer % 8192")}, ${toWorld}, world_ip, ${toLan}, lan_ip, ${dns}, ${inNetwork("256 + gateway")}, ${inNetwork("256 + node_b")})`,
    ],
  ];
}
