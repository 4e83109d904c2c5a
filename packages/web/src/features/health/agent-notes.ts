/** What is to be said about an agent beyond its figures. */
import { formatBytes, formatCount, formatDuration } from "@flowtrail/model";
import type { AgentHealth } from "../../lib/api-types.ts";

export interface AgentNote {
  /** `bad`: rows are missing or late. `info`: it left out what it was told to, or what is nobody's flow. */
  readonly kind: "bad" | "info";
  readonly text: string;
}

/** Left out by design: see the reference of drop reasons. */
const HARMLESS = new Set([
  "not_in_network",
  "tunnel_transport",
  "self",
  "loopback",
  "icmp_off",
  "dns_off",
  "excluded",
  "network_off",
]);
const OFF = "Off by settings: it records nothing until traffic logs are switched on again for it (Settings).";
const BAD_SPOOL_BYTES = 64 * 1024 * 1024;
const BAD_SKEW_MS = 5000;

export function agentNotes(agent: AgentHealth): readonly AgentNote[] {
  const notes: AgentNote[] = [];
  const bad = (text: string) => notes.push({ kind: "bad", text });
  if (agent.off_by_settings) notes.push({ kind: "info", text: OFF });
  else if (agent.silent)
    bad("Nothing is heard of it: is the node up, and does its agent run? (systemctl status flowtrail-agent)");
  if (agent.spool.bytes > BAD_SPOOL_BYTES) bad(`${formatBytes(agent.spool.bytes)} wait on its disk: can it reach this server?`);
  if (agent.rejected > 0) bad(`${formatCount(agent.rejected)} of its rows were refused: the server's log says why.`);
  const lost = lostCount(agent);
  if (lost > 0) bad(`Batches ${lostRanges(agent)} never came: its spool was full or its disk was lost.`);
  if (Math.abs(agent.clock_skew_ms ?? 0) > BAD_SKEW_MS) {
    bad(`Its clock is ${formatDuration(Math.abs(agent.clock_skew_ms ?? 0))} off: times of its rows are, too. Switch NTP on.`);
  }
  const drops = Object.entries(agent.drops).filter(([, count]) => count > 0);
  const list = (entries: [string, number][]) => entries.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(" · ");
  const harmful = drops.filter(([reason]) => !HARMLESS.has(reason));
  const harmless = drops.filter(([reason]) => HARMLESS.has(reason));
  if (harmful.length > 0) bad(`Lost: ${list(harmful)}`);
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
