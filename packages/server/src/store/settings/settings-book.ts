/** What people set at run time and is in force now. One book for all of a server: read from the store, followed, and added to. */
import type { HistoryQuery, PastSetting, Setting, SettingName, SettingsLog } from "./settings-log.ts";

/** A change to be made. */
export type NewSetting = Pick<Setting, "name" | "id" | "who" | "what" | "value">;

export class SettingsBook {
  readonly #log: SettingsLog;
  #settings: readonly Setting[] = [];

  constructor(log: SettingsLog) {
    this.#log = log;
  }

  /** What is in force. The same array as long as nothing changes. */
  get settings(): readonly Setting[] {
    return this.#settings;
  }

  /** Another one for each change of these. */
  version(names: readonly SettingName[]): string {
    return this.#settings
      .filter(({ name }) => names.includes(name))
      .map(({ name, id, version }) => `${name} ${id} ${version}`)
      .sort()
      .join();
  }

  /** Reads what is set, here or on another server. @throws StoreError */
  async refresh(): Promise<void> {
    this.#take(await this.#log.current());
  }

  /** Makes changes: all of them are in force when this resolves, or none. @throws StoreError */
  async append(changes: readonly NewSetting[], changedMs: number): Promise<void> {
    const settings = changes.map((change) => ({ ...change, changedMs, version: (this.#known(change)?.version ?? 0) + 1 }));
    if (settings.length === 0) return;
    await this.#log.append(settings);
    this.#take(settings);
  }

  /** @throws StoreError */
  history(query: HistoryQuery): Promise<PastSetting[]> {
    return this.#log.history(query);
  }

  /** Nothing is ever taken out of the log: whatever is newer than what is known counts. What was read may be older than what was just set here. */
  #take(read: readonly Setting[]): void {
    const news = read.filter((setting) => {
      const known = this.#known(setting);
      return (
        known === undefined || known.version < setting.version || (known.version === setting.version && !isSame(known, setting))
      );
    });
    if (news.length === 0) return;
    const keys = new Set(news.map(keyOf));
    this.#settings = [...this.#settings.filter((setting) => !keys.has(keyOf(setting))), ...news];
  }

  #known(setting: Pick<Setting, "name" | "id">): Setting | undefined {
    return this.#settings.find(({ name, id }) => name === setting.name && id === setting.id);
  }
}

const keyOf = ({ name, id }: Pick<Setting, "name" | "id">) => `${name} ${id}`;

/** Two servers may have set the same at once: the store decides. */
function isSame(a: Setting, b: Setting): boolean {
  return a.value === b.value && a.changedMs === b.changedMs && a.who === b.who;
}
