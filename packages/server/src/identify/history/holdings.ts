/** Versions of entities → who had which address or range, from when to when. */
import { type Cidr, isV4Mapped, parseAddress, parseCidr } from "@flowtrail/model";
import type { Holding, HoldingKind, NodeFact } from "../holding.ts";
import { EXTERNAL, type NodeRef, nodeParticipant, nodeRef, type Participant } from "../lookup.ts";
import { type EntityVersion, precedenceOf, sourceKind } from "./change.ts";
import type { NodeRefs } from "./node-refs.ts";

/** What an entity holds as one participant. */
interface Claim {
  readonly participant: Participant;
  /** The nodes that carry its traffic, as the inventory calls them. */
  readonly gateways: readonly string[];
  readonly held: readonly { readonly cidr: Cidr; readonly kind: HoldingKind; readonly domain: string | null }[];
}

/** All that the entities of one network hold or held. */
export function holdingsOf(versions: readonly EntityVersion[], nodes: NodeRefs): Holding[] {
  return versions.flatMap((version) => claimsOf(version).flatMap((claim) => holdingsOfClaim(version, claim, nodes)));
}

/** Which nodes a network has or had. */
export function nodeFacts(versions: readonly EntityVersion[]): NodeFact[] {
  return versions.flatMap((version) => {
    if (version.kind !== "node") return [];
    const { network, source, fromMs, toMs, isFirst } = version;
    return [{ network, source, precedence: precedenceOf(source), node: nodeRef(version.entity), fromMs, isFirst, toMs }];
  });
}

function holdingsOfClaim(version: EntityVersion, { participant, gateways, held }: Claim, nodes: NodeRefs): Holding[] {
  const { network, source, fromMs, toMs, isFirst } = version;
  const precedence = precedenceOf(source);
  // A node that tells of itself may be known to the inventory, under another id or name.
  const isOwn = version.kind === "node" && sourceKind(source) === "agent";
  const meanings = isOwn ? nodes.during([version.id], fromMs, toMs, precedence) : nodes.during(gateways, fromMs, toMs);
  return meanings.flatMap((meaning, i) => {
    const who = isOwn
      ? nodeParticipant(meaning.nodes[0] ?? participant.node ?? { id: version.id, name: version.id })
      : gateways.length === 0
        ? participant
        : { ...participant, gateways: gateways.map((word, place): NodeRef => meaning.nodes[place] ?? { id: word, name: word }) };
    return held.map(({ cidr, kind, domain }) => ({
      network,
      cidr,
      kind,
      participant: who,
      domain,
      source,
      precedence,
      fromMs: meaning.fromMs,
      isFirst: isFirst && i === 0,
      toMs: meaning.toMs,
    }));
  });
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
