/** What an alert is now: what the engine knows of it, what people said of it, and which silences there are. */
import type { Alert, AlertSilence, AlertState } from "@flowtrail/model";
import type { AlertNote, StoredAlert } from "../store/alert-log.ts";

export interface Said {
  /** Of this alert, the newest. */
  readonly note: AlertNote | null;
  /** Of its rule and labels. */
  readonly silence: AlertSilence | null;
}

export function stateOf({ endedMs }: Pick<StoredAlert, "endedMs">, { note, silence }: Said, nowMs: number): AlertState {
  if (endedMs !== null) return "resolved";
  if (note?.action === "acknowledge") return "acknowledged";
  if (note?.action === "silence" && (note.untilMs ?? 0) > nowMs) return "silenced";
  return silence === null ? "open" : "silenced";
}

const iso = (ms: number) => new Date(ms).toISOString();

/** Whoever said what it is now. */
function saidBy(
  state: AlertState,
  { note, silence }: Said,
  nowMs: number,
): { who: string; note: string; untilMs: number | null } | null {
  const isSilence = note?.action === "silence";
  if (state === "silenced" && !(isSilence && (note.untilMs ?? 0) > nowMs))
    return silence && { who: silence.who, note: silence.note, untilMs: Date.parse(silence.until) };
  return note === null || note.action === "reopen" || (isSilence && state === "open") ? null : note;
}

export function alertJson(stored: StoredAlert, said: Said, nowMs: number): Alert {
  const state = stateOf(stored, said, nowMs);
  const by = saidBy(state, said, nowMs);
  const untilMs = state === "silenced" ? (by?.untilMs ?? null) : null;
  return {
    id: stored.id,
    rule: stored.rule,
    rule_name: stored.ruleName,
    severity: stored.severity,
    state,
    summary: stored.summary,
    labels: stored.labels,
    value: stored.value,
    limit: stored.limit,
    mitre: stored.mitre,
    since: iso(stored.sinceMs),
    last: iso(stored.lastMs),
    until: untilMs === null ? null : iso(untilMs),
    ended: stored.endedMs === null ? null : iso(stored.endedMs),
    by: by?.who ?? null,
    note: by?.note ?? null,
    q: stored.q,
    from: iso(stored.fromMs),
    to: iso(stored.toMs),
  };
}
