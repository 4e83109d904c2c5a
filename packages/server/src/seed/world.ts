/** Who there is in the seeded networks. Addresses are those of shared address space, documentation and benchmarks; names end in .example. */

export const FIRST_NAMES = (
  "ana ben carla dmitri elena farid greta hugo ines jonas kofi lena mateo nadia omar petra quentin rosa sven tara umar vera wanda xenia " +
  "yusuf zoe alma boris chen dana emil fatima goran hanna ivan jana karim lucia milan nora"
).split(" ");
export const LAST_NAMES = (
  "abel berg costa dietz evans fischer garcia hansen ito jansen kovac lopez meyer novak okafor petrov quinn rossi silva tanaka ueda " +
  "vogel weber xu yilmaz zeman arnold bauer conte dahl ekman fuchs gruber haas ivanov joshi keller lang mori nagy olsen park rao sato " +
  "thomas ulrich vidal wolf young ziegler"
).split(" ");
const CITIES = "berlin lisbon oslo madrid zurich prague dublin warsaw vienna athens".split(" ");
const THINGS = "printer camera scanner till badge-reader sensor kiosk display".split(" ");

/** A network: its share of the connections, its ranges (the first address as a number; high words of the v6 one), who is in it. */
export interface SeedNetwork {
  readonly id: string;
  readonly share: number;
  readonly v4: number;
  readonly v6: number;
  readonly gateways: number;
  readonly nodes: readonly string[];
  /** The first one's number among all people: whose name is FIRST_NAMES[n % 40] and LAST_NAMES[n / 40]. */
  readonly firstUser: number;
  readonly users: number;
  readonly configFiles: readonly string[];
  /** `via`: the node that forwards to it. */
  readonly routes: readonly { readonly id: string; readonly name: string; readonly via: number }[];
}

interface Size {
  readonly gateways: number;
  readonly nodes: number;
  readonly users: number;
  readonly firstUser: number;
  readonly configFiles: number;
  readonly routes: number;
}

const NODE_KINDS = ["web", "db", "cache", "queue", "build", "backup", "metrics", "storage"];
const at = (words: readonly string[], index: number) => words[index % words.length] ?? "";

function makeNetwork(id: string, prefix: string, share: number, [v4, v6]: readonly [number, number], size: Size): SeedNetwork {
  const { gateways, nodes, users, firstUser, configFiles, routes } = size;
  const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
  return {
    id,
    share,
    v4,
    v6,
    gateways,
    nodes: many(nodes, (i) => {
      if (i < gateways) return `${prefix}gw-${at(CITIES, i)}`;
      if (i < gateways + routes) return `${prefix}site-${at(CITIES, i)}-${Math.floor(i / CITIES.length) + 1}`;
      return `${prefix}${at(NODE_KINDS, i)}-${String(Math.floor(i / NODE_KINDS.length) + 1).padStart(2, "0")}`;
    }),
    firstUser,
    users,
    configFiles: many(configFiles, (i) => `${prefix}${at(THINGS, i)}-${Math.floor(i / THINGS.length) + 1}`),
    routes: many(routes, (i) => ({
      id: `${prefix}lan-${i + 1}`,
      name: `${at(CITIES, i)} ${i % 2 === 0 ? "office" : "plant"} LAN`,
      via: gateways + i,
    })),
  };
}

const ip = (a: number, b: number, c: number, d: number) => ((a * 256 + b) * 256 + c) * 256 + d;

/** 200 nodes, 2,000 users, 200 config files, 24 egress routes. */
export const NETWORKS: readonly SeedNetwork[] = [
  makeNetwork("corp", "", 0.7, [ip(100, 64, 0, 0), 0xfd00_c0de], {
    ...{ gateways: 6, nodes: 140, users: 1500, firstUser: 0, configFiles: 140, routes: 16 },
  }),
  makeNetwork("plant", "p-", 0.3, [ip(100, 96, 0, 0), 0xfd00_beef], {
    ...{ gateways: 3, nodes: 60, users: 500, firstUser: 1500, configFiles: 60, routes: 8 },
  }),
];

/** External hosts: one address each, most of them with a name. */
export const EXTERNAL_HOSTS = 50_000;
/** 198.18.0.0/15 (RFC 2544, benchmarks) and 2001:db8::/32 (RFC 3849, documentation). */
export const EXTERNAL_V4 = ip(198, 18, 0, 0);
export const EXTERNAL_V6 = 0x2001_0db8;
/** 203.0.113.0/24 (RFC 5737): what the world sees of the gateways. */
export const PUBLIC_V4 = ip(203, 0, 113, 0);
/** Egress route n is 10.(20 + n).0.0/16. */
export const LAN_V4 = ip(10, 20, 0, 0);

export const HOST_WORDS = "www api cdn img auth mail static login assets data".split(" ");
export const BRAND_WORDS = (
  "amber birch cobalt delta ember falcon granite harbor indigo juniper kestrel lumen maple nimbus onyx pine quartz raven sable tundra " +
  "umber violet willow yarrow zephyr"
).split(" ");
export const FIELD_WORDS = (
  "bank books cars cloud code desk farm films foods games goods health home jobs labs maps media music news notes parks photo post " +
  "rail shop soft sport store talk tools travel trade tube video voice watch weather works world"
).split(" ");

/** Protocol, port and weight of what is asked for. Port -1: one of the clients' own range. */
export interface SeedService {
  readonly protocol: number;
  readonly port: number;
  readonly weight: number;
}

const services = (...list: readonly (readonly [protocol: number, port: number, weight: number])[]): SeedService[] =>
  list.map(([protocol, port, weight]) => ({ protocol, port, weight }));

/** Out in the world. UDP 443 is QUIC. */
export const WORLD_SERVICES = services(
  [6, 443, 80],
  [17, 443, 26],
  [6, 80, 9],
  [1, 0, 4],
  [17, 123, 3],
  [6, 993, 2],
  [6, 22, 1],
  [17, -1, 2],
  [6, -1, 1],
);
/** Between nodes. */
export const MESH_SERVICES = services(
  [6, 443, 22],
  [6, 5432, 20],
  [6, 9100, 18],
  [6, 22, 12],
  [6, 6379, 12],
  [6, 8080, 10],
  [1, 0, 12],
  [6, 2049, 6],
  [6, 80, 6],
  [17, 514, 6],
  [6, -1, 4],
);
/** In the LANs behind egress routes. */
export const LAN_SERVICES = services(
  [6, 445, 30],
  [6, 443, 26],
  [6, 3389, 20],
  [6, 80, 16],
  [6, 9100, 14],
  [1, 0, 10],
  [6, 22, 12],
);
export const DNS_SERVICES = services([17, 53, 122], [6, 53, 6]);
