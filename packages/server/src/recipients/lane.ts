/**
 * What one recipient is told next, and when: pure. In the order of alerts' events; what failed waits longer each time and lets other alerts
 * pass, while nothing of its own alert overtakes it.
 */

import { type Notice, severityOf } from "./notice.ts";
import { quietUntil } from "./quiet.ts";
import type { Recipient } from "./recipient.ts";

export interface LaneState {
  /** Waiting, in the order of their places. */
  readonly notices: readonly Notice[];
  /** When messages were sent within the last hour. */
  readonly sentMs: readonly number[];
  /** Nothing is sent before: the other side asked for it, or it failed again and again. */
  readonly untilMs: number;
  /** So much had to wait that it is told in one message. */
  readonly gathers: boolean;
}

export type LaneRules = Pick<Recipient, "quiet" | "digest_s" | "max_per_minute" | "max_per_hour"> & {
  readonly oneByOne: boolean;
};

/** `send`: what goes into the next message. `wait`: look again then; null: when there is something new. */
export type Next = { readonly send: readonly Notice[] } | { readonly waitUntilMs: number | null; readonly gathers: boolean };

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const MAX_IN_DIGEST = 100;

export function nextOf(lane: LaneState, rules: LaneRules, nowMs: number): Next {
  const { notices, gathers } = lane;
  if (notices.length === 0) return { waitUntilMs: null, gathers: false };
  if (lane.untilMs > nowMs) return { waitUntilMs: lane.untilMs, gathers };
  const endsMs = rules.quiet === null ? null : quietUntil(rules.quiet, nowMs);
  const loud = endsMs === null ? notices : notices.filter((notice) => rules.quiet?.but.includes(severityOf(notice)));
  const [first] = loud;
  if (first === undefined) return { waitUntilMs: endsMs, gathers: true };
  // The first one says how long it is gathered. Not after a failure, nor where the clock was set back.
  const gatheredMs = first.attempts > 0 || first.createdMs > nowMs ? 0 : first.createdMs + rules.digest_s * 1000;
  if (gatheredMs > nowMs) return { waitUntilMs: gatheredMs, gathers };
  const freeMs = roomFrom(lane.sentMs, rules, nowMs);
  if (freeMs > nowMs) return { waitUntilMs: freeMs, gathers: true };
  if (!rules.oneByOne && (gathers || rules.digest_s > 0)) return { send: loud.slice(0, MAX_IN_DIGEST) };
  const heads = headsOf(loud);
  const due = heads.find(({ nextMs }) => nextMs <= nowMs);
  if (due !== undefined) return { send: [due] };
  const soonestMs = Math.min(...heads.map(({ nextMs }) => nextMs));
  return { waitUntilMs: endsMs === null ? soonestMs : Math.min(soonestMs, endsMs), gathers };
}

/** The first of each alert. */
function headsOf(notices: readonly Notice[]): Notice[] {
  const seen = new Set<string>();
  return notices.filter(({ event: { alert } }) => {
    const isFirst = !seen.has(alert.id);
    seen.add(alert.id);
    return isFirst;
  });
}

/** When the limits let another message go. */
function roomFrom(sentMs: readonly number[], { max_per_minute, max_per_hour }: LaneRules, nowMs: number): number {
  const from = (spanMs: number, max: number) => {
    const within = sentMs.filter((ms) => ms > nowMs - spanMs && ms <= nowMs);
    return within.length < max ? nowMs : (within[within.length - max] ?? nowMs) + spanMs;
  };
  return Math.max(from(MINUTE_MS, max_per_minute), from(HOUR_MS, max_per_hour));
}

/** Of the times when messages were sent, those that still count. */
export function lastHour(sentMs: readonly number[], nowMs: number): number[] {
  return sentMs.filter((ms) => ms > nowMs - HOUR_MS);
}
