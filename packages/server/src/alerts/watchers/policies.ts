/** Who may talk to whom: what people allow, and whether a connection is covered by it. */
import { type Cidr, cidrContains, formatAddress, parseAddress, parseCidr } from "@flowtrail/model";
import { z } from "zod";
import type { Inventory } from "../../identify/inventory-schema.ts";

const word = z.string("expected a text").min(1, "expected a text").max(256, "expected at most 256 characters");
const END_TYPES = ["node", "user", "extclient", "egress_route", "external", "unknown"] as const;

/** All that is given must fit; of lists any. */
const endSchema = z
  .strictObject({
    name: z.array(word, "expected a list of names").optional().describe("As rows tell it: nodes, users, config files, routes"),
    type: z.array(z.enum(END_TYPES, `expected one of ${END_TYPES.join(", ")}`), "expected a list of types").optional(),
    tag: z.array(word, "expected a list of tags").optional().describe("Of the inventory; groups of users, too"),
    address: z
      .array(
        word.refine((text) => parseAddress(text) !== null || parseCidr(text) !== null, "expected an address or a range"),
        "expected a list of addresses",
      )
      .optional(),
    domain: z.array(word, "expected a list of domains").optional().describe("And all below them"),
  })
  .describe("Left empty: anybody");

const PORT = /^(?:(tcp|udp|sctp|icmp|any)(?:\/|$))?(?:(\d{1,5})(?:-(\d{1,5}))?)?$/;
const port = z
  .string("expected a port, such as tcp/443")
  .refine((text) => portOf(text) !== null, "expected a port or a range, such as tcp/443, udp/5000-5100, icmp");

export const policySchema = z.strictObject({
  name: word.optional(),
  network: word.optional().describe("Left out: every network"),
  from: endSchema.default({}),
  to: endSchema.default({}),
  ports: z.array(port, "expected a list of ports").default([]).describe("Left empty: all"),
  both_ways: z.boolean("expected true or false").default(false).describe("To may open connections to from as well"),
  /** A network's policies are looked at only if one of them is on. */
  enabled: z.boolean("expected true or false").default(true),
});

export type Policy = z.infer<typeof policySchema>;
type PolicyEnd = Policy["from"];

/** One end of a connection. */
export interface End {
  readonly name: string | null;
  readonly type: string;
  readonly tags: readonly string[];
  readonly ip: string;
  readonly domain: string | null;
}

export interface Talk {
  readonly network: string;
  readonly from: End;
  readonly to: End;
  readonly protocol: number;
  readonly port: number | null;
}

interface PortRange {
  readonly protocols: readonly number[] | null;
  readonly first: number;
  readonly last: number;
}

const PROTOCOLS: Readonly<Record<string, readonly number[] | null>> = {
  tcp: [6],
  udp: [17],
  sctp: [132],
  icmp: [1, 58],
  any: null,
};

function portOf(text: string): PortRange | null {
  const found = PORT.exec(text);
  if (text === "" || found === null) return null;
  const [, protocol, first, last = first] = found;
  const range = { first: Number(first ?? 0), last: Number(last ?? 65_535) };
  if (range.first > range.last || range.last > 65_535) return null;
  return { protocols: PROTOCOLS[protocol ?? "any"] ?? null, ...range };
}

/** Whether any policy of those that are on covers a connection. */
export class PolicySet {
  readonly #policies: readonly Compiled[];

  constructor(policies: readonly Policy[]) {
    this.#policies = policies.filter(({ enabled }) => enabled).map((policy) => new Compiled(policy));
  }

  get isEmpty(): boolean {
    return this.#policies.length === 0;
  }

  /** Does any of them say something of this network? Without one, nothing there is outside of a policy. */
  speaksOf(network: string): boolean {
    return this.#policies.some((policy) => policy.network === undefined || policy.network === network);
  }

  covers(talk: Talk): boolean {
    return this.#policies.some((policy) => policy.covers(talk));
  }
}

class Compiled {
  readonly network: string | undefined;
  readonly #policy: Policy;
  readonly #ports: readonly PortRange[];
  readonly #from: (end: End) => boolean;
  readonly #to: (end: End) => boolean;

  constructor(policy: Policy) {
    this.network = policy.network;
    this.#policy = policy;
    this.#ports = policy.ports.map(portOf).filter((range) => range !== null);
    this.#from = endTest(policy.from);
    this.#to = endTest(policy.to);
  }

  covers({ network, from, to, protocol, port }: Talk): boolean {
    if (this.network !== undefined && this.network !== network) return false;
    if (this.#ports.length > 0 && !this.#ports.some((range) => isIn(range, protocol, port))) return false;
    return (this.#from(from) && this.#to(to)) || (this.#policy.both_ways && this.#from(to) && this.#to(from));
  }
}

/** What has no port is in each range that has all of them. */
function isIn({ protocols, first, last }: PortRange, protocol: number, port: number | null): boolean {
  if (protocols !== null && !protocols.includes(protocol)) return false;
  return port === null ? first === 0 && last === 65_535 : port >= first && port <= last;
}

function endTest({ name, type, tag, address, domain }: PolicyEnd): (end: End) => boolean {
  const ranges = address?.map((text) => parseCidr(text) ?? ofOne(text));
  return (end) =>
    (name === undefined || (end.name !== null && name.includes(end.name))) &&
    (type === undefined || type.some((one) => one === end.type)) &&
    (tag === undefined || tag.some((one) => end.tags.includes(one))) &&
    (ranges === undefined || ranges.some((range) => range !== null && isInRange(range, end.ip))) &&
    (domain === undefined || domain.some((one) => isBelow(end.domain, one)));
}

function ofOne(text: string): Cidr | null {
  const bytes = parseAddress(text);
  return bytes === null ? null : parseCidr(`${formatAddress(bytes)}/${text.includes(":") ? 128 : 32}`);
}

function isInRange(range: Cidr, ip: string): boolean {
  const bytes = parseAddress(ip);
  return bytes !== null && cidrContains(range, bytes);
}

function isBelow(domain: string | null, parent: string): boolean {
  const [own, above] = [domain?.toLowerCase() ?? "", parent.toLowerCase().replace(/^\*?\./, "")];
  return own === above || own.endsWith(`.${above}`);
}

/** Of the inventory as it is now: of users their groups, too. */
export function tagsOf(
  { networks }: Pick<Inventory, "networks">,
  networkId: string,
  { type, name }: Pick<End, "type" | "name">,
): readonly string[] {
  const network = networks.find(({ id }) => id === networkId);
  if (network === undefined || name === null) return [];
  const isSo = (one: { readonly id: string; readonly name?: string | undefined }) =>
    (one.name ?? one.id) === name || one.id === name;
  switch (type) {
    case "node":
      return network.nodes.find(isSo)?.tags ?? [];
    case "user": {
      const user = network.users.find(isSo);
      return user === undefined ? [] : [...user.tags, ...user.groups];
    }
    case "extclient":
      return network.config_files.find(isSo)?.tags ?? [];
    case "egress_route":
      return network.egress.find(isSo)?.tags ?? [];
    default:
      return [];
  }
}
