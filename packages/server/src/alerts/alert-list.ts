/** Alerts as they are told: pages of them by state, how many there are, and what people say of one. */
import { ALERT_SEVERITIES, type Alert, type AlertCount, type AlertState } from "@flowtrail/model";
import type { AlertLog, AlertPlace, NoteAction, StoredAlert } from "../store/alert-log.ts";
import { alertJson } from "./alert-state.ts";
import type { By } from "./rule-book.ts";
import type { Silences } from "./silences.ts";

export interface AlertQuery {
  /** Left out: all. */
  readonly states?: readonly AlertState[] | undefined;
  readonly rules?: readonly string[] | undefined;
  readonly severities?: readonly string[] | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly after?: AlertPlace | undefined;
  readonly limit: number;
}

export interface AlertPage {
  readonly alerts: readonly Alert[];
  /** Null: there is no next page. */
  readonly next: AlertPlace | null;
}

export interface AlertListDeps {
  readonly log: AlertLog;
  readonly silences: Silences;
  readonly now: () => number;
}

/** So many are read at once where not all of them are of the states asked for. */
const PIECE = 500;
const MOST_OPEN = 50_000;

export class AlertList {
  readonly #deps: AlertListDeps;

  constructor(deps: AlertListDeps) {
    this.#deps = deps;
  }

  /** Newest first. @throws StoreError */
  async page({ states, limit, after, ...query }: AlertQuery): Promise<AlertPage> {
    const isOver =
      states === undefined || (states.includes("resolved") && states.length > 1) ? undefined : states.includes("resolved");
    const over = isOver === undefined ? {} : { over: isOver };
    const found: { alert: Alert; place: AlertPlace }[] = [];
    for (let place = after; ; ) {
      const stored = await this.#deps.log.list({ ...query, ...over, after: place, limit: Math.max(PIECE, limit + 1) });
      for (const { alert, sinceMs } of await this.#told(stored)) {
        if (states !== undefined && !states.includes(alert.state)) continue;
        found.push({ alert, place: { sinceMs, id: alert.id } });
      }
      const last = stored.at(-1);
      if (found.length > limit || last === undefined || stored.length < PIECE) break;
      place = { sinceMs: last.sinceMs, id: last.id };
    }
    const alerts = found.slice(0, limit);
    return { alerts: alerts.map(({ alert }) => alert), next: found.length > limit ? (alerts.at(-1)?.place ?? null) : null };
  }

  /** Null: there is none. @throws StoreError */
  async one(id: string): Promise<Alert | null> {
    const [told] = await this.#told(await this.#deps.log.list({ ids: [id], limit: 1 }));
    return told?.alert ?? null;
  }

  /** @throws StoreError */
  async count(): Promise<AlertCount> {
    const told = await this.#told(await this.#deps.log.list({ over: false, limit: MOST_OPEN }));
    const of = (state: AlertState) => told.filter(({ alert }) => alert.state === state);
    const open = of("open");
    const by_severity = Object.fromEntries(
      ALERT_SEVERITIES.map((severity) => [severity, open.filter(({ alert }) => alert.severity === severity).length]),
    ) as AlertCount["by_severity"];
    return { open: open.length, acknowledged: of("acknowledged").length, silenced: of("silenced").length, by_severity };
  }

  /** @returns the alert as it is then; null: there is none. @throws StoreError */
  async say(id: string, action: NoteAction, note: string, untilMs: number | null, { who, ms }: By): Promise<Alert | null> {
    if ((await this.one(id)) === null) return null;
    await this.#deps.log.note({ alert: id, timeMs: ms, action, who, note, untilMs });
    return this.one(id);
  }

  async #told(stored: readonly StoredAlert[]): Promise<{ readonly alert: Alert; readonly sinceMs: number }[]> {
    const { log, silences, now } = this.#deps;
    const notes = await log.notes(stored.map(({ id }) => id));
    const nowMs = now();
    return stored.map((one) => {
      const said = { note: notes.get(one.id) ?? null, silence: silences.of(one, nowMs) };
      return { alert: alertJson(one, said, nowMs), sinceMs: one.sinceMs };
    });
  }
}
