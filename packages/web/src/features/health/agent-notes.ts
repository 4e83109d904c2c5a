/** What is to be said about an agent beyond its figures. */
import { EXCLUDE_REASONS, formatBytes, formatCount, formatDuration } from "@flowtrail/model";
import type { AgentHealth } from "../../lib/api-types.ts";

export interface AgentNote {
  /** `bad`: rows are missing or late. `info`: it left out what it was told to, or what is nobody's flow. */
  readonly kind: "bad" | "info";
  readonly text: string;
  /** What mends it, or tells more, on the node. */
  readonly command?: string;
}

/** Left out by design: see the reference of drop reasons. */
const HARMLESS = new Set<string>([
  "not_in_network",
  "tunnel_transport",
  "self",
  "loopback",
  "icmp_off",
  "dns_off",
  ...EXCLUDE_REASONS,
  "network_off",
  "name_off",
  "name_excluded",
  "dns_unasked",
  "dns_forwarded",
]);
/** What is dropped of denied attempts is counted in packets, and by the same reasons. */
const DENIED = "denied_";
/** Mostly of what nobody denied. */
const UNTRACED = "denied_untraced";
const isHarmless = (reason: string) => HARMLESS.has(reason.startsWith(DENIED) ? reason.slice(DENIED.length) : reason);
/** The flow is there, but without its domain. */
const NAMES_ONLY = new Set(["tap_overrun", "name_rate_limited", "name_evicted", "name_table_full"]);
/** What is lost, and what to do about it. */
const ADVICE: Readonly<Record<string, string>> = {
  table_full: "more flows were open than it keeps in memory. Raise its --max-flows",
  overrun: "its kernel told of changes faster than it read them. Give it more of the processor",
  malformed: "messages of its kernel that it cannot read. Update the agent",
  set_aside: "batches that the server refused lie in its state directory. The server's log says why",
  denied_rate_limited: "dropped packets beyond 10,000 a second: a flood, of which a part is told",
  denied_table_full: "dropped packets beyond 10,000 tuples a minute: a scan or a flood, of which a part is told",
  denied_overrun: "dropped packets that its kernel told of faster than it read them",
  denied_trace_overrun: "traces of packets that its kernel told of faster than it read them",
  rejected: "rows that the server refused. The server's log says why",
};
const LOG = "journalctl --unit flowtrail-agent --since -1h";
const OFF = "Off by settings: it records nothing until traffic logs are switched on again for it (Settings).";
const BAD_SPOOL_BYTES = 64 * 1024 * 1024;
const BAD_SKEW_MS = 5000;

export function agentNotes(agent: AgentHealth): readonly AgentNote[] {
  const notes: AgentNote[] = [];
  const bad = (text: string, command?: string) =>
    notes.push({ kind: "bad", text, ...(command === undefined ? {} : { command }) });
  if (agent.off_by_settings) notes.push({ kind: "info", text: OFF });
  else if (agent.silent)
    bad("Nothing is heard of it: is the node up, and does its agent run? Look there:", "systemctl status flowtrail-agent");
  if (agent.spool.bytes > BAD_SPOOL_BYTES)
    bad(`${formatBytes(agent.spool.bytes)} wait on its disk: can it reach this server? Its log says what keeps it:`, LOG);
  if (agent.rejected > 0) bad(`${formatCount(agent.rejected)} of its rows were refused: the server's log says why.`);
  const lost = lostCount(agent);
  if (lost > 0)
    bad(`Batches ${lostRanges(agent)} never came: its spool was full (raise its --spool-max-bytes) or its disk was lost.`);
  if (Math.abs(agent.clock_skew_ms ?? 0) > BAD_SKEW_MS) {
    bad(
      `Its clock is ${formatDuration(Math.abs(agent.clock_skew_ms ?? 0))} off: times of its rows are, too. Switch NTP on:`,
      "timedatectl set-ntp true",
    );
  }
  for (const note of kernelNotes(agent)) notes.push(note);
  if (agent.gauges.denied_deaf === 1) bad("It cannot hear what firewalls drop. Its log says why, and what to do:", LOG);
  const drops = Object.entries(agent.drops).filter(([, count]) => count > 0);
  const list = (entries: [string, number][]) => entries.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(" · ");
  const harmless = drops.filter(([reason]) => isHarmless(reason));
  const nameless = drops.filter(([reason]) => NAMES_ONLY.has(reason));
  for (const [reason, count] of drops)
    if (reason !== UNTRACED && !isHarmless(reason) && !NAMES_ONLY.has(reason))
      bad(`Lost: ${reason} ${formatCount(count)}${ADVICE[reason] === undefined ? "" : `, ${ADVICE[reason]}`}.`);
  const untraced = agent.drops[UNTRACED] ?? 0;
  if (untraced > 0)
    notes.push({
      kind: "info",
      text: `First packets that were not traced, beyond 200 a second: ${formatCount(untraced)}. Whether they were denied is not known; log rules before your drops tell of all.`,
    });
  if (nameless.length > 0) notes.push({ kind: "info", text: `Names that were missed: ${list(nameless)}` });
  if (harmless.length > 0) notes.push({ kind: "info", text: `Left out on purpose: ${list(harmless)}` });
  return notes;
}

/** Batches that never came. */
export function lostCount(agent: AgentHealth): number {
  return agent.lost_batches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function lostRanges(agent: AgentHealth): string {
  return agent.lost_batches.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}

/** What its kernel is told not to note. */
function kernelNotes({ gauges, off_by_settings }: AgentHealth): readonly AgentNote[] {
  if (off_by_settings) return [];
  const off = (name: "acct" | "timestamp", text: string): AgentNote[] =>
    gauges[`conntrack_${name}`] === 0 ? [{ kind: "bad", text, command: `sysctl -w net.netfilter.nf_conntrack_${name}=1` }] : [];
  return [
    ...off("acct", "Its kernel counts no bytes and packets of connections (conntrack accounting is off). Switch it on there:"),
    ...off("timestamp", "Its kernel does not note when connections began (conntrack timestamps are off). Switch it on there:"),
  ];
}

/** `on`, `off: accounting`; a dash for a sender that does not tell. */
export function kernelText({ gauges }: AgentHealth): string {
  const flags = [
    ["accounting", gauges.conntrack_acct],
    ["timestamps", gauges.conntrack_timestamp],
  ] as const;
  const off = flags.filter(([, value]) => value === 0).map(([name]) => name);
  if (off.length > 0) return `no ${off.join(", no ")}`;
  return flags.every(([, value]) => value === undefined) ? "–" : "counts";
}
