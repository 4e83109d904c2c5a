/** The numbers that the agent tells: the gauges of a batch, the drops by reason, and the whole of status.json. */
import { formatCidr } from "@flowtrail/model";
import packageJson from "../package.json" with { type: "json" };
import type { ConntrackCapture } from "./capture/capture.ts";
import type { AgentConfig } from "./config.ts";
import type { DeniedCapture } from "./denied/denied-capture.ts";
import type { NameCapture } from "./name/name-capture.ts";
import type { Shipper } from "./ship/ship.ts";
import type { Flusher } from "./spool/flush.ts";
import type { Spool } from "./spool/spool.ts";
import type { AgentStatus } from "./status/status.ts";
import type { NetworkConfig } from "./track/networks.ts";
import type { FlowTracker } from "./track/tracker.ts";

export const VERSION: string = packageJson.version;

export interface Parts {
  readonly config: AgentConfig;
  readonly capture: ConntrackCapture;
  readonly tracker: FlowTracker;
  readonly names: NameCapture;
  readonly denied: DeniedCapture;
  readonly spool: Spool;
  readonly flusher: Flusher;
  readonly shipper: Shipper;
}
export interface Moment {
  readonly startedMs: number;
  readonly nowMs: number;
  readonly state: AgentStatus["state"];
  readonly networks: readonly NetworkConfig[];
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly problems: readonly string[];
}

/** Everything that is not stored, by reason; monotonic. */
export function dropsOf({ tracker, capture, shipper, names, denied }: Parts): Record<string, number> {
  const { tap, off, excluded, unasked, forwarded, rateLimited, evicted } = names.stats;
  return {
    ...tracker.stats.drops,
    overrun: capture.stats.overrunEvents,
    malformed: capture.stats.malformed,
    set_aside: shipper.stats.setAside,
    rejected: shipper.stats.rejected,
    tap_overrun: tap.overruns,
    name_rate_limited: rateLimited,
    name_off: off,
    name_excluded: excluded,
    name_evicted: evicted,
    dns_unasked: unasked,
    dns_forwarded: forwarded,
    name_table_full: tracker.stats.namesRefused,
    // Packets, where the others are connections.
    ...prefixed("denied_", denied.facts.drops),
  };
}

export function gaugesOf(parts: Parts, state: AgentStatus["state"]): Record<string, number> {
  const { tracker, capture, spool, shipper } = parts;
  const gauges: Record<string, number> = {
    open_flows: tracker.stats.openFlows,
    flows_opened: tracker.stats.opened,
    table_bytes: tracker.stats.tableBytes,
    rss_bytes: process.memoryUsage.rss(),
    uptime_s: Math.round(process.uptime()),
    paused: state === "paused" ? 1 : 0,
    overruns: capture.stats.overruns,
    dumps: capture.stats.dumps,
    spool_errors: spool.stats.appendErrors,
    spool_dropped_rows: spool.stats.droppedRows,
    spool_damaged: spool.stats.damaged,
    upload_failures: shipper.stats.failures,
    ...nameFacts(parts),
    ...prefixed("denied_", parts.denied.facts.gauges),
  };
  for (const { name, found, value } of capture.findings) {
    const short = name.replace(/^nf_/, "");
    if (found !== null) gauges[`${short}_found`] = found;
    if (value !== null) gauges[short] = value;
  }
  return gauges;
}

/** Flows that got a name by each source, packets that told one or were malformed by protocol, and the cache of DNS answers. */
function nameFacts({ tracker, names }: Parts): Record<string, number> {
  const { read, malformed, unauthentic, quicCut, ech, echOuter, cacheEntries, cacheBytes, cacheEvicted, waiting, tap } =
    names.stats;
  return {
    ...prefixed("names_", tracker.stats.named),
    ...prefixed("names_read_", read),
    ...prefixed("names_malformed_", malformed),
    names_packets: tap.packets,
    names_unauthentic: unauthentic,
    names_quic_cut: quicCut,
    names_ech: ech,
    names_ech_outer: echOuter,
    names_cache_entries: cacheEntries,
    names_cache_bytes: cacheBytes,
    names_cache_evicted: cacheEvicted,
    names_waiting: waiting,
  };
}

function deniedStatus({ denied }: Parts): AgentStatus["denied"] {
  const { gauges, listening, group, rules, problem } = denied.facts;
  return { listening, group, rules, problem, ...gauges };
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]));
}

export function statusOf(parts: Parts, moment: Moment): AgentStatus {
  const { config, capture, tracker, spool, flusher, shipper } = parts;
  const { openFlows, opened, ended, lost, rows } = tracker.stats;
  return {
    version: VERSION,
    pid: process.pid,
    node: config.node,
    server: config.server.href,
    started: new Date(moment.startedMs).toISOString(),
    updated: new Date(moment.nowMs).toISOString(),
    state: moment.state,
    problems: moment.problems,
    networks: moment.networks.map(({ id, ranges }) => ({
      id,
      ranges: ranges.map(formatCidr),
      addresses: moment.addresses[id] ?? [],
    })),
    flows: { open: openFlows, opened, ended, lost, rows },
    drops: dropsOf(parts),
    names: { modes: parts.names.modes, interfaces: parts.names.interfaces, problem: parts.names.problem, ...nameFacts(parts) },
    denied: deniedStatus(parts),
    capture: { ...capture.stats },
    sysctls: capture.findings.map(({ name, found, value, problem }) => ({ name, found, value, problem })),
    spool: { ...spool.depth, last_sequence: spool.lastSequence, unwritten: flusher.pending, ...spool.stats },
    ship: {
      state: shipper.state,
      error: shipper.lastError,
      last_success: shipper.lastSuccessMs === 0 ? "" : new Date(shipper.lastSuccessMs).toISOString(),
      ...shipper.stats,
    },
    memory: { rss_bytes: process.memoryUsage.rss() },
  };
}
