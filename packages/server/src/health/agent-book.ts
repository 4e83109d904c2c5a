/** What is known of each agent: kept up to date by its deliveries, so that the health page costs no question to the store. */
import type { Delivery } from "../receive/ports.ts";
import { Rate } from "./rate.ts";

export interface LostBatches {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  /** When the gap was noticed. */
  readonly noticed: string;
}

export interface AgentReport {
  readonly reporter_id: string;
  readonly reporter: string;
  readonly id: string;
  readonly name: string;
  readonly version: string | null;
  readonly last_seen: string;
  readonly covered_from: string | null;
  readonly covered_to: string | null;
  /** Now minus what it last covered; null for a sender that declares nothing. */
  readonly lag_ms: number | null;
  readonly spool: { readonly batches: number; readonly bytes: number };
  readonly clock_skew_ms: number | null;
  readonly rows: number;
  /** Rows a second within the last minute. */
  readonly rows_per_second: number;
  readonly rejected: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Batches that never came, though later ones did. */
  readonly lost_batches: readonly LostBatches[];
  readonly silent: boolean;
  /** It records nothing, since it is told so. */
  readonly off_by_settings: boolean;
}

/** The batches of one state directory of an agent: what came, and what did not. */
interface Epoch {
  highest: number;
  gaps: { from: number; to: number; readonly noticedMs: number }[];
}

interface Agent {
  last: Delivery;
  coveredFromMs: number | null;
  coveredToMs: number | null;
  rows: number;
  readonly rate: Rate;
  rejected: number;
  readonly drops: Record<string, number>;
  readonly epochs: Map<string, Epoch>;
}

/** A state directory is made anew seldom; gaps are rare, or so many that only their number matters. */
const MAX_EPOCHS = 8;
const MAX_GAPS = 100;
const MAX_AGENTS = 100_000;

export class AgentBook {
  readonly #agents = new Map<string, Agent>();

  /** Takes a delivery into account. The same one may be told any number of times, those of one agent in any order. */
  note(delivery: Delivery): void {
    const { reporterId, rows, rejected, drops, coveredFromMs, coveredToMs, receivedMs } = delivery;
    const agent = this.#agents.get(reporterId) ?? this.#add(delivery);
    if (agent === null) return;
    if (receivedMs >= agent.last.receivedMs) agent.last = withFacts(delivery, agent.last);
    agent.coveredFromMs = extreme(Math.min, agent.coveredFromMs, coveredFromMs);
    agent.coveredToMs = extreme(Math.max, agent.coveredToMs, coveredToMs);
    if (!arrives(agent.epochs, delivery)) return;
    agent.rows += rows;
    agent.rate.add(rows, receivedMs);
    agent.rejected += rejected;
    for (const [reason, count] of Object.entries(drops)) agent.drops[reason] = (agent.drops[reason] ?? 0) + count;
  }

  /** @param of `isHeard`: it spoke lately. `isOff`: it is told to record nothing */
  reports(nowMs: number, of: { isHeard(reporterId: string): boolean; isOff(reporterId: string): boolean }): AgentReport[] {
    return [...this.#agents.entries()]
      .map(([id, agent]) => ({ ...report(id, agent, nowMs, !of.isHeard(id)), off_by_settings: of.isOff(id) }))
      .sort((a, b) => a.reporter.localeCompare(b.reporter));
  }

  #add(delivery: Delivery): Agent | null {
    if (this.#agents.size >= MAX_AGENTS) return null;
    const agent: Agent = {
      last: delivery,
      coveredFromMs: null,
      coveredToMs: null,
      rows: 0,
      rate: new Rate(),
      rejected: 0,
      drops: {},
      epochs: new Map(),
    };
    this.#agents.set(delivery.reporterId, agent);
    return agent;
  }
}

function report(
  id: string,
  { last, coveredFromMs, coveredToMs, rows, rate, rejected, drops, epochs }: Agent,
  nowMs: number,
  silent: boolean,
): Omit<AgentReport, "off_by_settings"> {
  const lost = [...epochs].flatMap(([epoch, { gaps }]) =>
    gaps.map(({ from, to, noticedMs }) => ({ epoch, from, to, noticed: iso(noticedMs) })),
  );
  return {
    reporter_id: id,
    reporter: last.reporter,
    id,
    name: last.reporter,
    version: last.agentVersion || null,
    last_seen: iso(last.receivedMs),
    covered_from: coveredFromMs === null ? null : iso(coveredFromMs),
    covered_to: coveredToMs === null ? null : iso(coveredToMs),
    lag_ms: coveredToMs === null ? null : Math.max(0, nowMs - coveredToMs),
    spool: { batches: last.spoolBatches, bytes: last.spoolBytes },
    clock_skew_ms: last.clockSkewMs,
    rows,
    rows_per_second: Math.round(rate.perSecond(nowMs) * 100) / 100,
    rejected,
    drops,
    gauges: last.gauges,
    addresses: last.addresses,
    lost_batches: lost.sort((a, b) => b.noticed.localeCompare(a.noticed) || a.from - b.from),
    silent,
  };
}

/** Somebody's own sender on the same node does not know what its agent knows. */
function withFacts(delivery: Delivery, before: Delivery): Delivery {
  if (delivery.agentVersion !== "" || before.agentVersion === "") return delivery;
  const { agentVersion, gauges, addresses, spoolBatches, spoolBytes } = before;
  return { ...delivery, agentVersion, gauges, addresses, spoolBatches, spoolBytes };
}

/** Notes that a batch came. False if it had come before. */
function arrives(epochs: Map<string, Epoch>, { epoch: name, sequence, part, receivedMs }: Delivery): boolean {
  const epoch = epochs.get(name);
  if (epoch === undefined) {
    const oldest = epochs.keys().next();
    if (epochs.size >= MAX_EPOCHS && !oldest.done) epochs.delete(oldest.value);
    epochs.set(name, { highest: sequence, gaps: [] });
    return true;
  }
  if (sequence > epoch.highest) {
    // A sender that does not number its uploads has no gaps.
    if (name !== "" && sequence > epoch.highest + 1) {
      epoch.gaps.push({ from: epoch.highest + 1, to: sequence - 1, noticedMs: receivedMs });
      epoch.gaps = epoch.gaps.slice(-MAX_GAPS);
    }
    epoch.highest = sequence;
    return true;
  }
  const gap = epoch.gaps.find(({ from, to }) => sequence >= from && sequence <= to);
  if (gap === undefined) return part !== "";
  const before = { from: gap.from, to: sequence - 1, noticedMs: gap.noticedMs };
  const after = { from: sequence + 1, to: gap.to, noticedMs: gap.noticedMs };
  epoch.gaps.splice(epoch.gaps.indexOf(gap), 1, ...[before, after].filter(({ from, to }) => from <= to));
  return true;
}

const iso = (ms: number) => new Date(ms).toISOString();

function extreme(choose: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
}
