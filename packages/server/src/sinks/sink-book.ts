/** Sinks as settings: set, switched and deleted by people, by whom and when is kept. */
import { FilterError } from "@flowtrail/model";
import type { Sealed } from "../secrets/sealed.ts";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { StoredSink } from "./engine/stored-sink.ts";
import { storedSink, storedValue } from "./engine/stored-sink.ts";
import { SinkError } from "./errors.ts";
import type { SinkConfig } from "./sink-config.ts";
import { partsOf } from "./sinks.ts";
import { wantedSql } from "./stream/source.ts";

export interface SinkBookDeps {
  readonly book: Pick<SettingsBook, "settings" | "inTurn" | "append">;
  readonly sealed: Pick<Sealed, "seal" | "open">;
  readonly now: () => number;
}

/** Null takes a secret away; one that is left out stays. */
export type NewSecrets = Readonly<Record<string, string | null>>;

const MAX_SINKS = 32;

export class SinkBook {
  readonly #deps: SinkBookDeps;

  constructor(deps: SinkBookDeps) {
    this.#deps = deps;
  }

  find(id: string): StoredSink | null {
    const found = this.#deps.book.settings.find((setting) => setting.name === "sink" && setting.id === id);
    return found === undefined ? null : storedSink(found);
  }

  /** @throws SinkError SINK_UNKNOWN */
  known(id: string): StoredSink {
    const found = this.find(id);
    if (found === null) throw new SinkError({ code: "SINK_UNKNOWN", id }, `there is no sink ${JSON.stringify(id)}`);
    return found;
  }

  /** Makes it, or sets all of it but its secrets. @throws SinkError, SecretsError, StoreError, SettingsConflict */
  set(id: string, sink: SinkConfig, secrets: NewSecrets, who: string): Promise<StoredSink> {
    const { book, now } = this.#deps;
    assertSink(sink, secrets);
    return book.inTurn(async () => {
      const before = this.find(id);
      const sinks = book.settings.filter((setting) => storedSink(setting) !== null).length;
      if (before === null && sinks >= MAX_SINKS)
        throw new SinkError({ code: "BAD_SINK" }, `there are ${sinks} sinks already: each reads all that is stored`);
      const created_ms = before?.created_ms ?? now();
      const value = storedValue({ created_ms, sink, secrets: this.#sealed(sink, before, secrets) });
      const what = describe(before?.sink ?? null, sink);
      await book.append([{ name: "sink", id, who, what, value }], now());
      return this.known(id);
    });
  }

  /** Secrets to try a sink with: those that are given, and those that are kept where they would be used. @throws SinkError, SecretsError */
  tried(id: string | undefined, sink: SinkConfig, secrets: NewSecrets): Record<string, string> {
    assertSink(sink, secrets);
    const sealed = this.#sealed(sink, id === undefined ? null : this.find(id), secrets);
    return Object.fromEntries(Object.entries(sealed).map(([name, text]) => [name, this.#deps.sealed.open(text)]));
  }

  /** @throws SinkError SINK_UNKNOWN; StoreError, SettingsConflict */
  switch(id: string, enabled: boolean, who: string): Promise<StoredSink> {
    const { book, now } = this.#deps;
    return book.inTurn(async () => {
      const before = this.known(id);
      if (before.sink.enabled === enabled) return before;
      const sink = { ...before.sink, enabled };
      const what = `sink ${sink.name}: ${enabled ? "goes on" : "paused"}`;
      await book.append([{ name: "sink", id, who, what, value: storedValue({ ...before, sink }) }], now());
      return this.known(id);
    });
  }

  /** @throws SinkError SINK_UNKNOWN; StoreError, SettingsConflict */
  delete(id: string, who: string): Promise<void> {
    const { book, now } = this.#deps;
    return book.inTurn(async () => {
      const { sink } = this.known(id);
      await book.append([{ name: "sink", id, who, what: `sink ${sink.name}: deleted`, value: "null" }], now());
    });
  }

  #sealed({ transport }: SinkConfig, before: StoredSink | null, secrets: NewSecrets): Record<string, string> {
    // Of another kind of endpoint, or at another place, they are not what is meant: they would be told to somebody else.
    const kept = before !== null && isSamePlace(before.sink, transport) ? { ...before.secrets } : {};
    for (const [name, secret] of Object.entries(secrets)) {
      if (secret === null) delete kept[name];
      else kept[name] = this.#deps.sealed.seal(secret);
    }
    return kept;
  }
}

/** @throws SinkError BAD_SINK */
export function assertSink(sink: SinkConfig, secrets: NewSecrets = {}): void {
  const { kind } = partsOf(sink);
  const unknown = Object.keys(secrets).find((name) => !kind.secrets.includes(name));
  if (unknown !== undefined)
    throw new SinkError(
      { code: "BAD_SINK" },
      `${sink.transport.kind} has no secret ${JSON.stringify(unknown.slice(0, 40))}, but ${kind.secrets.join(", ") || "none"}`,
    );
  try {
    wantedSql(sink);
  } catch (error) {
    if (error instanceof FilterError) throw new SinkError({ code: "BAD_SINK" }, `q: ${error.message}`);
    throw error;
  }
}

/** The address that secrets are sent to. */
function isSamePlace({ transport: before }: SinkConfig, now: SinkConfig["transport"]): boolean {
  return before.kind === now.kind && placeOf(before) === placeOf(now);
}

function placeOf(transport: SinkConfig["transport"]): string {
  const { url, endpoint, host, port } = transport as { url?: string; endpoint?: string; host?: string; port?: number };
  const address = url ?? endpoint;
  return address === undefined ? `${host} ${port}` : (URL.parse(address)?.origin ?? address);
}

function describe(before: SinkConfig | null, now: SinkConfig): string {
  if (before === null) return `sink ${now.name}: made, ${now.transport.kind}`;
  const names = Object.keys({ ...before, ...now }) as (keyof SinkConfig)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  return `sink ${now.name}: ${changed.length === 0 ? "secrets set" : `${changed.join(", ")} changed`}`;
}
