/** What a change of what agents record will do, in words with figures, before it is saved. */
import { anyFilter, type Filter, formatCount, parseFilter } from "@flowtrail/model";
import type { Inventory } from "../identify/inventory-schema.ts";
import { columnIs } from "../query/filters.ts";
import { type CaptureState, isEqual, isNetworkOn, isNodeOn, NAME_MODES, type NameMode, namesOf } from "./capture-state.ts";
import { listText } from "./list-text.ts";
import { privacyParts } from "./privacy-effect.ts";

/** An agent that reports now. */
export interface ReportingAgent {
  readonly id: string;
  readonly name: string;
  /** Ids of the networks that it has addresses in. */
  readonly networks: readonly string[];
}

export interface EffectFacts {
  readonly agents: readonly ReportingAgent[];
  /** What the inventory says of a network's names. */
  readonly inventoryNames: (network: string) => NameMode | undefined;
  readonly nameOf: (kind: "network" | "node", id: string) => string;
  /** As it is now. */
  readonly inventory: Inventory;
  /** How many flows of the last hour, or day, pass; null: it can't be said now. */
  readonly count: (filter: Filter, isOfDay: boolean) => Promise<number | null>;
}

export interface CaptureEffect {
  /** For people, the most important first. */
  readonly sentences: readonly string[];
  /** Agents that are told something else. */
  readonly agents: number;
}

/** A sentence; with a filter it is told how many flows of the last hour pass. */
export interface Part {
  readonly text: (flows: string) => string;
  readonly filter?: Filter;
  /** … of the last day. */
  readonly isOfDay?: true;
  readonly agents: readonly ReportingAgent[];
}

const ALL: Filter = { kind: "all" };

export async function captureEffect(before: CaptureState, after: CaptureState, facts: EffectFacts): Promise<CaptureEffect> {
  const parts = [
    ...fleetParts(before, after, facts),
    ...networkParts(before, after, facts),
    ...nodeParts(before, after, facts),
    ...protocolParts(before, after, facts),
    ...nameParts(before, after, facts),
    ...otherParts(before, after, facts),
    ...privacyParts(before, after, facts),
  ];
  const sentences = await Promise.all(
    parts.map(async ({ text, filter, isOfDay = false }) =>
      text(filter === undefined ? "" : flowsText(await facts.count(filter, isOfDay))),
    ),
  );
  if (parts.length === 0) return { sentences: ["Nothing becomes different."], agents: 0 };
  const stillOff = !before.policy.enabled && !after.policy.enabled;
  if (stillOff) sentences.push("Traffic logs are off for all nodes: this counts when they are on again.");
  const agents = new Set(parts.flatMap((part) => part.agents.map(({ id }) => id))).size;
  return { sentences, agents };
}

function fleetParts(before: CaptureState, after: CaptureState, { agents }: EffectFacts): Part[] {
  if (before.policy.enabled === after.policy.enabled) return [];
  if (after.policy.enabled) return [{ text: () => `${agentsText(agents, "begin", "begins")} to record again.`, agents }];
  const text = (flows: string) =>
    `${agentsText(agents, "stop", "stops")} recording: nothing is reported until it is switched on again; ${flows} of the last hour came from them. What is open now is shown as lost.`;
  return [{ text, filter: ALL, agents }];
}

function networkParts(before: CaptureState, after: CaptureState, { agents, nameOf }: EffectFacts): Part[] {
  const ids = new Set([...before.networks.keys(), ...after.networks.keys()]);
  return onAndOff([...ids], (id) => [isNetworkOn(before, id), isNetworkOn(after, id)]).map(({ ids, on }) => {
    const there = agents.filter(({ networks }) => networks.some((network) => ids.includes(network)));
    const what = `network${ids.length === 1 ? "" : "s"} ${listText(ids.map((id) => nameOf("network", id)))}`;
    if (on) return { text: () => `${agentsText(there, "report", "reports")} ${what} again.`, agents: there };
    const text = (flows: string) =>
      `${agentsText(there, "stop", "stops")} reporting ${what}; ${flows} of the last hour came from there.`;
    return { text, filter: columnIs("network", ids), agents: there };
  });
}

function nodeParts(before: CaptureState, after: CaptureState, { agents, nameOf }: EffectFacts): Part[] {
  const ids = new Set([...before.nodes.keys(), ...after.nodes.keys()]);
  return onAndOff([...ids], (id) => [isNodeOn(before, id), isNodeOn(after, id)]).map(({ ids, on }) => {
    const there = agents.filter(({ id }) => ids.includes(id));
    const names = listText(ids.map((id) => nameOf("node", id)));
    const one = ids.length === 1;
    const silent = ids.length - there.length;
    const subject = one ? "It does" : `${formatCount(silent)} of them ${silent === 1 ? "does" : "do"}`;
    const note = silent === 0 ? "" : ` ${subject} not report now anyway.`;
    if (on) return { text: () => `${names} ${one ? "reports" : "report"} again.${note}`, agents: there };
    const text = (flows: string) =>
      `${names} ${one ? "stops" : "stop"} reporting; ${flows} of the last hour came from ${one ? "it" : "them"}.${note}`;
    return { text, filter: columnIs("reporter_id", ids), agents: there };
  });
}

function protocolParts({ policy: before }: CaptureState, { policy: after }: CaptureState, { agents }: EffectFacts): Part[] {
  const parts = [
    ["icmp", "ICMP", "protocol in (1, 58)"],
    ["dns", "DNS", "dst.port = 53 and protocol in (tcp, udp)"],
    ["denied", "What firewalls drop", "verdict = denied"],
  ] as const;
  return parts.flatMap(([field, label, filter]): Part[] => {
    if (before[field] === after[field]) return [];
    // It is off as it comes, and rules on the nodes must tell of it.
    const rules = field === "denied" ? "from now on, on nodes whose rules tell of it (docs/how-to/denied.md)" : "again";
    if (after[field]) return [{ text: () => `${label} is recorded ${rules}.`, agents }];
    const names = field === "dns" ? " Domain names are still learned from answers." : "";
    const what = field === "denied" ? "denied" : label;
    return [
      {
        text: (flows) => `${label} is not recorded any more: ${flows} of the last hour were ${what}.${names}`,
        filter: parseFilter(filter),
        agents,
      },
    ];
  });
}

const KEPT: Readonly<Record<NameMode, string>> = {
  off: "not kept any more",
  "second-level": "cut to what is registered (example.com of api.example.com)",
  full: "kept in full",
};

function nameParts(before: CaptureState, after: CaptureState, facts: EffectFacts): Part[] {
  const { agents, nameOf, inventoryNames } = facts;
  const parts: Part[] = [];
  const stored = " Names that are stored stay as they are.";
  const hasName = columnIs("domain", [null], true);
  const part = (where: string, was: NameMode, is: NameMode, filter: Filter, there: readonly ReportingAgent[]): Part => {
    const text = `Domain names${where} are ${KEPT[is]}`;
    if (NAME_MODES.indexOf(is) > NAME_MODES.indexOf(was)) return { text: () => `${text} from now on.`, agents: there };
    return { text: (flows) => `${text}: ${flows} of the last hour have one.${stored}`, filter, agents: there };
  };
  const own = [...after.networks]
    .filter(([id]) => namesOf(after, id, inventoryNames(id)) !== after.policy.names)
    .map(([id]) => id);
  if (before.policy.names !== after.policy.names) {
    const except = own.length === 0 ? "" : `, but in ${listText(own.map((id) => nameOf("network", id)))},`;
    parts.push(part(except, before.policy.names, after.policy.names, hasName, agents));
  }
  for (const id of new Set([...before.networks.keys(), ...after.networks.keys()])) {
    if (before.networks.get(id)?.set.names === after.networks.get(id)?.set.names) continue;
    const [was, is] = [namesOf(before, id, inventoryNames(id)), namesOf(after, id, inventoryNames(id))];
    if (was === is) continue;
    const filter: Filter = { kind: "and", parts: [columnIs("network", [id]), hasName] };
    const there = agents.filter(({ networks }) => networks.includes(id));
    parts.push(part(` of network ${nameOf("network", id)}`, was, is, filter, there));
  }
  return parts;
}

function otherParts({ policy: before }: CaptureState, { policy: after }: CaptureState, { agents }: EffectFacts): Part[] {
  const parts: Part[] = [];
  const say = (text: string) => parts.push({ text: () => text, agents });
  const added = after.exclude.filter((range) => !before.exclude.includes(range));
  const removed = before.exclude.filter((range) => !after.exclude.includes(range));
  if (added.length > 0) {
    const text = (flows: string) =>
      `Flows with an end in ${listText(added)} are not recorded any more: ${flows} of the last hour have one.`;
    parts.push({ text, filter: inRanges(added), agents });
  }
  if (removed.length > 0) say(`Flows with an end in ${listText(removed)} are recorded again.`);
  if (before.process !== after.process)
    say(
      after.process
        ? "Which local program made a flow is recorded, too."
        : "Which local program made a flow is not recorded any more.",
    );
  if (before.update_interval_s !== after.update_interval_s) {
    const less =
      after.update_interval_s > before.update_interval_s
        ? "fewer rows, and charts of what is open move less often"
        : "more rows, and what is open moves more often";
    say(`Open flows are told every ${after.update_interval_s} s instead of every ${before.update_interval_s} s: ${less}.`);
  }
  if (before.flush_interval_ms !== after.flush_interval_ms)
    say(
      `Agents send every ${after.flush_interval_ms} ms instead of every ${before.flush_interval_ms} ms: a new flow is seen that much ${after.flush_interval_ms > before.flush_interval_ms ? "later" : "sooner"}.`,
    );
  return isEqual(before, after) ? [] : parts;
}

/** Those that are switched on, and those that are switched off. */
function onAndOff(ids: readonly string[], states: (id: string) => readonly [boolean, boolean]) {
  return [false, true].flatMap((on) => {
    const those = ids.filter((id) => {
      const [was, is] = states(id);
      return was !== is && is === on;
    });
    return those.length === 0 ? [] : [{ ids: those, on }];
  });
}

function agentsText(agents: readonly ReportingAgent[], several: string, one: string): string {
  if (agents.length === 0) return `No agent reports now; from its start on each ${one}`;
  return `${formatCount(agents.length)} ${agents.length === 1 ? `agent ${one}` : `agents ${several}`}`;
}

/** The filter language takes so many in one text. */
const RANGES_AT_A_TIME = 100;

function inRanges(ranges: readonly string[]): Filter {
  const pieces = Array.from({ length: Math.ceil(ranges.length / RANGES_AT_A_TIME) }, (_, i) =>
    ranges.slice(i * RANGES_AT_A_TIME, (i + 1) * RANGES_AT_A_TIME),
  );
  return anyFilter(pieces.map((piece) => parseFilter(`ip in (${piece.join(", ")})`)));
}

function flowsText(count: number | null): string {
  if (count === null) return "an unknown number of flows";
  return `${formatCount(count)} ${count === 1 ? "flow" : "flows"}`;
}
