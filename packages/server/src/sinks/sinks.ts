/** All sinks: those that people set, each with a runner, as the settings say now. See docs/decisions/0026-sinks.md. */
import type { ServerConfig } from "../config/schema.ts";
import type { Sealed } from "../secrets/sealed.ts";
import type { Leases } from "../store/leases.ts";
import type { Logger } from "../store/logger.ts";
import { Rhythm } from "../store/rhythm.ts";
import type { Store } from "../store/store.ts";
import { VERSION } from "../version.ts";
import { ParkedRecords } from "./engine/parked.ts";
import { SinkPlaces } from "./engine/places.ts";
import { SinkRunner } from "./engine/runner.ts";
import type { SinkStatus } from "./engine/status.ts";
import { type StoredSink, storedSink } from "./engine/stored-sink.ts";
import { SinkError } from "./errors.ts";
import { formatOf } from "./formats/registry.ts";
import type { Format, Transport } from "./ports.ts";
import type { SinkConfig, TransportConfig } from "./sink-config.ts";
import { transportKind } from "./transports/registry.ts";

export interface SinksDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly leases: Leases;
  readonly sealed: Pick<Sealed, "open">;
  readonly now: () => number;
  readonly logger: Logger;
}

const FOLLOW_MS = 1000;
/** Other servers' changes. */
const REFRESH_MS = 5000;
const DAY_MS = 86_400_000;

export class Sinks {
  readonly #deps: SinksDeps;
  readonly places: SinkPlaces;
  readonly parked: ParkedRecords;
  readonly #runners = new Map<string, SinkRunner>();
  readonly #rhythm: Rhythm;
  #refreshDue = 0;

  constructor(deps: SinksDeps) {
    const { store, now, logger } = deps;
    this.#deps = deps;
    this.places = new SinkPlaces(store.clickhouse);
    this.parked = new ParkedRecords(store.clickhouse, { now });
    this.#rhythm = new Rhythm("following the sinks", FOLLOW_MS, () => this.#follow(), { logger });
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    await this.#deps.store.settings.refresh();
    this.#rhythm.start();
  }

  async stop(): Promise<void> {
    this.#rhythm.end();
    await this.#rhythm.ended();
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
  }

  /** As they are set, by id. */
  list(): StoredSink[] {
    const sinks = this.#deps.store.settings.settings.flatMap((setting) => storedSink(setting) ?? []);
    return sinks.sort((a, b) => a.id.localeCompare(b.id));
  }

  /** What this server or another one that runs it told last; null: it has not begun, or is switched off. @throws StoreError */
  async statuses(): Promise<Map<string, SinkStatus>> {
    const list = this.list();
    const statuses = (await this.places.all(list, "status")) as Map<string, SinkStatus>;
    for (const { id, created_ms } of list) {
      const runner = this.#runners.get(id);
      const status = runner?.sink.created_ms === created_ms ? runner.status : null;
      if (status !== null) statuses.set(id, status);
    }
    return statuses;
  }

  /** Those that this server runs. */
  own(): { readonly kind: string; readonly status: SinkStatus }[] {
    return [...this.#runners.values()].flatMap(({ sink, status }) =>
      status === null ? [] : [{ kind: sink.sink.transport.kind, status }],
    );
  }

  /**
   * A connection of a sink, as it is set.
   * @throws SinkError BAD_SINK; SecretsError
   */
  transport(id: string, sink: SinkConfig, secrets: Readonly<Record<string, string>>): Transport {
    const { config, now, logger } = this.#deps;
    const { kind, format } = partsOf(sink);
    return kind.make(sink.transport, {
      format,
      secrets,
      sink: id,
      dataDir: config.data,
      allowLinkLocal: config.outgoing.allow_link_local,
      version: VERSION,
      now,
      logger,
    });
  }

  /** @throws SecretsError */
  opened(sealed: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(sealed).map(([name, text]) => [name, this.#deps.sealed.open(text)]));
  }

  async #follow(): Promise<void> {
    const { store, config, now } = this.#deps;
    if (config.store.url !== undefined && now() >= this.#refreshDue) {
      await store.settings.refresh();
      this.#refreshDue = now() + REFRESH_MS;
    }
    const wanted = new Map(this.list().flatMap((sink) => (sink.sink.enabled ? [[sink.id, sink]] : [])));
    for (const [id, runner] of this.#runners) {
      if (wanted.get(id)?.version === runner.sink.version) continue;
      await runner.stop();
      this.#runners.delete(id);
    }
    for (const [id, sink] of wanted) if (!this.#runners.has(id)) this.#begin(sink);
  }

  #begin(sink: StoredSink): void {
    const { store, leases, now, logger } = this.#deps;
    const runner = new SinkRunner(sink, {
      clickhouse: store.clickhouse,
      nodes: store.nodes,
      places: this.places,
      parked: this.parked,
      lease: leases.hold(`sink ${sink.id}`),
      retention: { flowsKeptMs: () => keptMs(store.retention.settings.state.policy.flows_days) },
      transport: (one) => this.transport(one.id, one.sink, this.opened(one.secrets)),
      now,
      logger,
    });
    this.#runners.set(sink.id, runner);
    runner.start();
  }
}

/** @throws SinkError BAD_SINK */
export function partsOf({ transport, format }: Pick<SinkConfig, "transport" | "format">): {
  kind: NonNullable<ReturnType<typeof transportKind>>;
  format: Format;
} {
  const kind = transportKind(transport.kind satisfies TransportConfig["kind"]);
  if (kind === null) throw new SinkError({ code: "BAD_SINK" }, `there is no transport ${transport.kind}`);
  const name = format ?? kind.formats[0] ?? "";
  const found = kind.formats.includes(name) ? formatOf(name) : null;
  if (found === null)
    throw new SinkError({ code: "BAD_SINK" }, `${transport.kind} takes no ${name}, but ${kind.formats.join(", ")}`);
  return { kind, format: found };
}

const keptMs = (days: number) => (days === 0 ? null : days * DAY_MS);
