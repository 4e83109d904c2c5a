/** Sinks as the API and the health page tell them. */
import { adviceFor } from "./advice.ts";
import { type BackfillOrder, type BackfillState, beginning } from "./engine/backfill.ts";
import type { SinkStatus } from "./engine/status.ts";
import { partsOf, type Sinks } from "./sinks.ts";

/** Whoever runs a sink says so every ten seconds. */
const SILENT_MS = 60_000;

const iso = (ms: number) => new Date(ms).toISOString();

/** @throws StoreError */
export async function tellSinks(sinks: Sinks, nowMs: number) {
  const list = sinks.list();
  if (list.length === 0) return [];
  const [statuses, parked, orders, backfills] = await Promise.all([
    sinks.statuses(),
    sinks.parked.counts(),
    sinks.places.all(list, "order"),
    sinks.places.all(list, "backfill"),
  ]);
  return list.map(({ id, sink, secrets }) => {
    const { kind, format } = partsOf(sink);
    const told = statuses.get(id);
    const order = orders.get(id) as BackfillOrder | undefined;
    const state = backfills.get(id) as BackfillState | undefined;
    return {
      id,
      name: sink.name,
      enabled: sink.enabled,
      q: sink.q,
      events: sink.events,
      reports: sink.reports,
      format: format.name,
      transport: sink.transport,
      secrets: Object.fromEntries(kind.secrets.map((name) => [name, secrets[name] !== undefined])),
      status: told === undefined ? null : statusJson(told, sink.enabled, nowMs),
      parked: parked.filter((one) => one.sink === id).map(({ reason, records }) => ({ reason, records })),
      backfills: order === undefined ? [] : [backfillJson(order, state?.id === order.id ? state : beginning(order))],
    };
  });
}

export type ToldSink = Awaited<ReturnType<typeof tellSinks>>[number];

function statusJson(status: SinkStatus, enabled: boolean, nowMs: number) {
  const { trouble, last_taken_ms, at_ms, state, ...rest } = status;
  const isSilent = nowMs - at_ms > SILENT_MS;
  return {
    ...rest,
    at: iso(at_ms),
    state: !enabled ? ("paused" as const) : isSilent ? ("silent" as const) : state,
    last_taken: last_taken_ms === null ? null : iso(last_taken_ms),
    trouble:
      trouble === null
        ? null
        : {
            reason: trouble.reason,
            message: trouble.message,
            advice: adviceFor(trouble),
            failures: trouble.failures,
            next: iso(trouble.nextMs),
          },
  };
}

function backfillJson(order: BackfillOrder, { state, sent, progress }: BackfillState) {
  return { id: order.id, state, from: iso(order.fromMs), to: iso(order.toMs), sent, progress };
}

/** One line each, for the health page. @throws StoreError */
export async function sinksHealth(sinks: Sinks, nowMs: number) {
  return (await tellSinks(sinks, nowMs)).map(({ id, name, transport, enabled, status, parked }) => ({
    id,
    name,
    kind: transport.kind,
    state: status?.state ?? (enabled ? ("starting" as const) : ("paused" as const)),
    lag_ms: status?.lag_ms ?? 0,
    waiting: status?.waiting ?? null,
    per_second: status?.per_second ?? 0,
    of_retention: status?.of_retention ?? null,
    lost: status?.lost ?? 0,
    parked: parked.reduce((sum, { records }) => sum + records, 0),
    error: status?.trouble?.message ?? null,
    advice: status?.trouble?.advice ?? overtaken(status?.of_retention ?? null),
  }));
}

export type SinkHealth = Awaited<ReturnType<typeof sinksHealth>>[number];

/** From here on somebody has to do something. */
const NEAR = 0.5;

function overtaken(ofRetention: number | null): string | null {
  if (ofRetention === null || ofRetention < NEAR) return null;
  return "Retention is about to delete records that were not handed over: keep flows for longer, or let the endpoint take more.";
}
