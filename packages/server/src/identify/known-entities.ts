/** What the inventory knows of one kind, by name: what is there now, and what is there no more. */
import { type EntityKind, type EntityVersion, precedenceOf } from "./history/change.ts";

export interface KnownEntity {
  readonly name: string;
  /** Ids, hosts and names under which an agent may report as it. */
  readonly words: ReadonlySet<string>;
  readonly networks: readonly string[];
  /** Addresses, or the ranges of what is a range. */
  readonly addresses: readonly string[];
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly tags: readonly string[];
  /** The nodes that carry its traffic. */
  readonly via: readonly string[];
  /** It carries others' traffic. */
  readonly gateway: boolean;
  /** When it became known; null: it always was, as far as anybody tells. */
  readonly sinceMs: number | null;
  /** When it ceased; null: it is there. */
  readonly removedMs: number | null;
}

/** Of all its sources together, where several know it. Names are told as rows have them. */
export function knownEntities(versions: readonly EntityVersion[], kind: EntityKind): KnownEntity[] {
  const byName = new Map<string, EntityVersion[]>();
  for (const version of versions) {
    if (version.kind !== kind) continue;
    const name = nameOf(version);
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [version]);
    else same.push(version);
  }
  return [...byName].map(([name, all]) => entityOf(name, all));
}

/** Networks are told by id: flows have no other name of them. */
function nameOf({ kind, id, entity }: EntityVersion): string {
  return kind === "network" ? id : (entity.name ?? id);
}

function entityOf(name: string, all: readonly EntityVersion[]): KnownEntity {
  const lastMs = Math.max(...all.map(({ toMs }) => toMs));
  // What is gone is told as it was last.
  const last = all.filter(({ toMs }) => toMs === lastMs).sort((a, b) => precedenceOf(a.source) - precedenceOf(b.source));
  const facts = last.map(factsOf);
  const distinct = (pick: (facts: Facts) => readonly (string | undefined)[]) => [
    ...new Set(facts.flatMap(pick).filter((text) => text !== undefined)),
  ];
  return {
    name,
    words: new Set([name, ...last.map(({ id }) => id), ...distinct(({ host }) => [host])]),
    networks: [...new Set(last.map(({ network }) => network))].sort(),
    addresses: distinct(({ addresses }) => addresses),
    devices: distinct(({ devices }) => devices),
    groups: distinct(({ groups }) => groups),
    tags: distinct(({ tags }) => tags),
    via: distinct(({ via }) => via),
    gateway: facts.some(({ gateway }) => gateway),
    sinceMs: all.some(({ isFirst }) => isFirst) ? null : Math.min(...all.map(({ fromMs }) => fromMs)),
    removedMs: lastMs === Number.POSITIVE_INFINITY ? null : lastMs,
  };
}

interface Facts {
  readonly host: string | undefined;
  readonly addresses: readonly string[];
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly tags: readonly string[];
  readonly via: readonly (string | undefined)[];
  readonly gateway: boolean;
}

const NONE: Facts = { host: undefined, addresses: [], devices: [], groups: [], tags: [], via: [], gateway: false };

function factsOf(version: EntityVersion): Facts {
  switch (version.kind) {
    case "network":
      return { ...NONE, addresses: version.entity.ranges };
    case "node": {
      const { host, addresses, relay, gateway, tags } = version.entity;
      return { ...NONE, host, addresses, via: [relay], gateway, tags };
    }
    case "user": {
      const { devices, groups, tags } = version.entity;
      return {
        ...NONE,
        addresses: devices.flatMap((device) => device.addresses),
        devices: devices.flatMap((device) => device.name ?? device.id ?? []),
        via: devices.map((device) => device.gateway),
        groups,
        tags,
      };
    }
    case "config_file": {
      const { addresses, gateway, tags } = version.entity;
      return { ...NONE, addresses, via: [gateway], tags };
    }
    case "egress": {
      const { ranges, via, tags } = version.entity;
      return { ...NONE, addresses: ranges, via, tags };
    }
  }
}
