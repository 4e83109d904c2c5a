/** Versions of entities → who had which address or range, from when to when. */
import { type Cidr, isV4Mapped, parseAddress, parseCidr } from "@flowtrail/model";
import type { Holding, HoldingKind, NodeFact } from "../holding.ts";
import { EXTERNAL, type NodeRef, nodeParticipant, nodeRef, type Participant } from "../lookup.ts";
import { type EntityVersion, precedenceOf, sourceKind } from "./change.ts";
import { isSameMeaning, type Meaning, type NodeRefs } from "./node-refs.ts";

/** What an entity holds as one participant. */
interface Claim {
  readonly participant: Participant;
  /** The nodes that carry its traffic, as the inventory calls them. */
  readonly gateways: readonly string[];
  readonly held: readonly { readonly cidr: Cidr; readonly kind: HoldingKind; readonly domain: string | null }[];
  /** What followed from it last: it follows again as long as its gateways are the same nodes. */
  made: { readonly meanings: readonly Meaning[]; readonly holdings: Holding[] } | null;
}

/** Of a large network few entities change. */
const claimsByVersion = new WeakMap<EntityVersion, Claim[]>();

/** All that the entities of one network hold or held. */
export function holdingsOf(versions: readonly EntityVersion[], nodes: NodeRefs): Holding[] {
  const holdings: Holding[] = [];
  for (const version of versions) {
    let claims = claimsByVersion.get(version);
    if (claims === undefined) {
      claims = claimsOf(version);
      claimsByVersion.set(version, claims);
    }
    for (const claim of claims) for (const holding of holdingsOfClaim(version, claim, nodes)) holdings.push(holding);
  }
  return holdings;
}

/** Which nodes a network has or had. */
export function nodeFacts(versions: readonly EntityVersion[]): NodeFact[] {
  return versions.flatMap((version) => {
    if (version.kind !== "node") return [];
    const { network, source, fromMs, toMs, isFirst } = version;
    return [{ network, source, precedence: precedenceOf(source), node: nodeRef(version.entity), fromMs, isFirst, toMs }];
  });
}

function holdingsOfClaim(version: EntityVersion, claim: Claim, nodes: NodeRefs): Holding[] {
  const { source, fromMs, toMs } = version;
  // A node that tells of itself may be known to the inventory, under another id or name.
  const isOwn = version.kind === "node" && sourceKind(source) === "agent";
  const meanings = isOwn
    ? nodes.during([version.id], fromMs, toMs, precedenceOf(source))
    : nodes.during(claim.gateways, fromMs, toMs);
  const { made } = claim;
  const isSame =
    made?.meanings.length === meanings.length &&
    meanings.every((meaning, i) => isSameMeaning(meaning, made.meanings[i] ?? meaning));
  if (made !== null && isSame) return made.holdings;
  const holdings = meanings.flatMap((meaning, i) => {
    const participant = isOwn ? ownParticipant(version.id, claim, meaning) : withGateways(claim, meaning);
    return holdingsDuring(version, claim, participant, meaning, i === 0);
  });
  claim.made = { meanings, holdings };
  return holdings;
}

function ownParticipant(id: string, { participant }: Claim, { nodes: [known] }: Meaning): Participant {
  return nodeParticipant(known ?? participant.node ?? { id, name: id });
}

function withGateways({ participant, gateways }: Claim, { nodes }: Meaning): Participant {
  if (gateways.length === 0) return participant;
  return { ...participant, gateways: gateways.map((word, place): NodeRef => nodes[place] ?? { id: word, name: word }) };
}

function holdingsDuring(
  { network, source, isFirst }: EntityVersion,
  { held }: Claim,
  participant: Participant,
  { fromMs, toMs }: Meaning,
  isEarliest: boolean,
): Holding[] {
  const precedence = precedenceOf(source);
  return held.map(({ cidr, kind, domain }) => ({
    network,
    cidr,
    kind,
    participant,
    domain,
    source,
    precedence,
    fromMs,
    isFirst: isFirst && isEarliest,
    toMs,
  }));
}

function claimsOf(version: EntityVersion): Claim[] {
  switch (version.kind) {
    case "network":
      return [claim({ ...EXTERNAL, type: "unknown" }, [], ranges(version.entity.ranges, "network"))];
    case "node": {
      return [claim(nodeParticipant(nodeRef(version.entity)), [], addresses(version.entity.addresses))];
    }
    case "user": {
      const { id, name = id, devices } = version.entity;
      return devices.map((device) =>
        claim(
          { ...EXTERNAL, type: "user", id, name, device: device.name ?? null },
          only(device.gateway),
          addresses(device.addresses),
        ),
      );
    }
    case "config_file": {
      const { id, name = id, addresses: own, gateway } = version.entity;
      return [claim({ ...EXTERNAL, type: "extclient", id, name }, only(gateway), addresses(own))];
    }
    case "egress": {
      const { id, name = id, via, virtual_ranges, resolved, domains, ranges: own } = version.entity;
      const [domain, ...others] = domains;
      return [
        claim({ ...EXTERNAL, type: "egress_route", id, name }, via, [
          ...ranges(virtual_ranges, "virtual"),
          ...Object.entries(resolved).flatMap(([name, found]) => ranges(found, "resolved", name)),
          ...ranges(own, "range").map((held, _, all) =>
            all.length === 1 && others.length === 0 && held.cidr.prefixBits === 128 ? { ...held, domain: domain ?? null } : held,
          ),
        ]),
      ];
    }
  }
}

const claim = (participant: Participant, gateways: readonly string[], held: Claim["held"]): Claim => ({
  participant,
  gateways,
  held,
  made: null,
});
const only = (word: string | undefined) => (word === undefined ? [] : [word]);

function addresses(texts: readonly string[]): Claim["held"] {
  return texts.flatMap((text) => {
    const bytes = parseAddress(text);
    if (bytes === null) return [];
    return [{ cidr: { bytes, prefixBits: 128, v4: isV4Mapped(bytes, 0) }, kind: "address" as const, domain: null }];
  });
}

/** Without default routes: they say where traffic leaves, and not whose the whole internet is. */
function ranges(texts: readonly string[], kind: HoldingKind, domain: string | null = null): Claim["held"] {
  return texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === null || cidr.prefixBits === (cidr.v4 ? 96 : 0) ? [] : [{ cidr, kind, domain }];
  });
}
