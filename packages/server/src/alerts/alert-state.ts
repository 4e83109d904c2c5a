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

export function alertJson(stored: StoredAlert, said: Said, nowMs: number): Alert {
  const { note, silence } = said;
  const state = stateOf(stored, said, nowMs);
  const byNote =
    note !== null &&
    note.action !== "reopen" &&
    !(state === "silenced" && note.action !== "silence") &&
    (state !== "silenced" || (note.untilMs ?? 0) > nowMs);
  const until = state !== "silenced" ? null : byNote ? iso(note.untilMs ?? 0) : (silence?.until ?? null);
  const told = byNote
    ? { by: note.who, note: note.note }
    : state === "silenced" && silence !== null
      ? { by: silence.who, note: silence.note }
      : { by: null, note: null };
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
    until,
    ended: stored.endedMs === null ? null : iso(stored.endedMs),
    ...told,
    q: stored.q,
    from: iso(stored.fromMs),
    to: iso(stored.toMs),
  };
}
