/** Calls the flows of the table by the names that others know: at their first rows, and again when something better is known. */
import { DOMAIN_SOURCES } from "@flowtrail/model";
import { DOMAIN_SOURCE, NO_CODE, ROLE, TCP, UDP } from "./codes.ts";
import { FlowKey } from "./flow-key.ts";
import { FLAG, PHASE } from "./flow-layout.ts";
import { EXCLUDED_DOMAIN, type FlowNames, type FlowOwners, type FoundName, type NamedFlow, rankOf } from "./flow-names.ts";
import type { Flows } from "./flows.ts";
import type { TrackerStats } from "./stats.ts";

/** A flow's first rows ask for a name: what came within them is known by then. Later ones only if there is something new. */
const ROWS_THAT_ASK = 2;

export class Naming {
  readonly #flows: Flows;
  readonly #names: FlowNames;
  readonly #owners: () => FlowOwners | null;
  readonly #stats: TrackerStats;
  readonly #flow: NamedFlow = {
    key: new FlowKey(),
    translated: null,
    translatedSrcPort: 0,
    translatedDstPort: 0,
    network: "",
    startMs: 0,
    startExact: true,
    endMs: 0,
    slot: -1,
    idLow: 0,
    idHigh: 0,
  };
  readonly #found: FoundName = { domain: null, source: null, outer: false, app: null };

  constructor(flows: Flows, stats: TrackerStats, names: FlowNames, owners: () => FlowOwners | null) {
    this.#flows = flows;
    this.#stats = stats;
    this.#names = names;
    this.#owners = owners;
  }

  /** Before rows are written: flows of which something became known get one. */
  takeLate(): void {
    this.#names.takeLate((slot, idLow, idHigh) => {
      const flows = this.#flows;
      const { flowId } = flows.table.columns;
      // The slot may be another flow's by now.
      if (flowId[slot * 2] !== idLow || flowId[slot * 2 + 1] !== idHigh || !flows.isLive(slot)) return;
      flows.setFlag(slot, FLAG.nameKnown);
      flows.markDirty(slot);
    });
  }

  /** Before a flow's row is written. A name never gives way to one that is trusted less. */
  name(slot: number): void {
    const flows = this.#flows;
    if (flows.hasFlag(slot, FLAG.ownerUnknown)) this.own(slot, false);
    const { revision, domainSource } = flows.table.columns;
    if (revision[slot]! >= ROWS_THAT_ASK && !flows.hasFlag(slot, FLAG.nameKnown)) return;
    flows.clearFlag(slot, FLAG.nameKnown);
    const found = this.#found;
    if (!this.#names.look(this.#read(slot), found)) return;
    const code = domainSource[slot]!;
    const known = code === NO_CODE ? null : (DOMAIN_SOURCES[code] ?? null);
    const worse = rankOf(found.source, found.outer) - rankOf(known, flows.hasFlag(slot, FLAG.outerName));
    if (worse > 0) return;
    if (worse === 0) {
      // The first name stays: another one is that of a later request, or of the next connection with these ports.
      const isSame = found.domain === flows.texts.domainOf(slot) || flows.texts.aboutOf(slot).app === null;
      if (isSame && found.app !== null) flows.texts.setAbout(slot, { app: found.app });
      return;
    }
    if (found.domain === EXCLUDED_DOMAIN) {
      this.#exclude(slot);
      return;
    }
    const source = found.source === null ? NO_CODE : DOMAIN_SOURCE[found.source];
    flows.texts.setDomain(slot, found.domain, source);
    if (found.app !== null) flows.texts.setAbout(slot, { app: found.app });
    if (found.source !== null && domainSource[slot] !== code) this.#stats.named[found.source]++;
    if (found.outer) flows.setFlag(slot, FLAG.outerName);
    else flows.clearFlag(slot, FLAG.outerName);
  }

  /** Does a flow's first row wait for its name? What tells one comes with the first packets, if at all. */
  isAwaited(slot: number): boolean {
    const flows = this.#flows;
    const { revision, domainSource, protocol, phase } = flows.table.columns;
    if (revision[slot]! > 0 || phase[slot] !== PHASE.open || flows.hasFlag(slot, FLAG.heldOut)) return false;
    if (protocol[slot] !== TCP && protocol[slot] !== UDP) return false;
    const isNamed = domainSource[slot] !== NO_CODE && !flows.hasFlag(slot, FLAG.outerName);
    return !isNamed && this.#names.excludesIn(flows.networkOf(slot));
  }

  /** Nothing more is told of the flow, nor kept of what it was called. */
  #exclude(slot: number): void {
    const flows = this.#flows;
    if (flows.hasFlag(slot, FLAG.excluded)) return;
    flows.setFlag(slot, FLAG.excluded);
    flows.texts.setDomain(slot, null, NO_CODE);
    flows.texts.setAbout(slot, { app: null });
    this.#stats.drops.excluded_domain++;
  }

  /** Asks whose a flow of this host is: when it begins, and if that was too early (a connection that is being accepted), with its first row. */
  own(slot: number, isNew: boolean): void {
    const flows = this.#flows;
    flows.clearFlag(slot, FLAG.ownerUnknown);
    const owners = this.#owners();
    const { role: roles, protocol: protocols } = flows.table.columns;
    const [role, protocol] = [roles[slot]!, protocols[slot]!];
    if (owners === null || role === ROLE.forwarder || (protocol !== TCP && protocol !== UDP)) return;
    flows.table.readKey(slot, this.#flow.key);
    const owner = owners.ownerOf(this.#flow.key, role === ROLE.initiator);
    if (owner !== null) flows.texts.setAbout(slot, owner);
    else if (isNew) flows.setFlag(slot, FLAG.ownerUnknown);
  }

  /** Goes through the names of all flows: `shown` says how a network's domain is to be told from the next row on, null: no name at all, EXCLUDED_DOMAIN: not the flow either. */
  rename(shown: (network: string, domain: string) => string | null): void {
    const flows = this.#flows;
    const { texts } = flows;
    const { phase, domainSource } = flows.table.columns;
    for (let slot = 0; slot < flows.table.end; slot++) {
      if (phase[slot] === PHASE.free) continue;
      const before = texts.domainOf(slot);
      const after = shown(flows.networkOf(slot), before ?? "");
      if (after === EXCLUDED_DOMAIN) this.#exclude(slot);
      else if (before !== null && after !== before) texts.setDomain(slot, after, domainSource[slot]!);
      if (after === null && texts.aboutOf(slot).app !== null) texts.setAbout(slot, { app: null });
    }
  }

  #read(slot: number): NamedFlow {
    const flow = this.#flow;
    const { table } = this.#flows;
    const { flowId, start, end, seen, phase, natPorts } = table.columns;
    table.readKey(slot, flow.key);
    const isTranslated = this.#flows.hasFlag(slot, FLAG.natSource | FLAG.natDestination);
    flow.translated = isTranslated ? table.natBytes.subarray(slot * 32, slot * 32 + 32) : null;
    flow.translatedSrcPort = isTranslated ? natPorts[slot * 2]! : 0;
    flow.translatedDstPort = isTranslated ? natPorts[slot * 2 + 1]! : 0;
    flow.network = this.#flows.networkOf(slot);
    flow.startMs = start[slot]!;
    flow.startExact = !this.#flows.hasFlag(slot, FLAG.startInexact | FLAG.startByArrival);
    // Nobody knows when a lost flow ended, but not before it was last seen.
    flow.endMs = phase[slot] === PHASE.open ? Number.POSITIVE_INFINITY : end[slot]! || seen[slot]!;
    flow.slot = slot;
    flow.idLow = flowId[slot * 2]!;
    flow.idHigh = flowId[slot * 2 + 1]!;
    return flow;
  }
}
