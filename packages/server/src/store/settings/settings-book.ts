/** What people set at run time and is in force now. One book for all of a server: read from the store, followed, and added to. */
import { FlowtrailError } from "@flowtrail/model";
import type { HistoryQuery, PastSetting, Setting, SettingName, SettingsLog } from "./settings-log.ts";

/** A change to be made. */
export type NewSetting = Pick<Setting, "name" | "id" | "who" | "what" | "value">;

/** Another server changed the same at the same time. */
export class SettingsConflict extends FlowtrailError<{ code: "SETTINGS_CONFLICT" }> {}

export class SettingsBook {
  readonly #log: SettingsLog;
  #settings: readonly Setting[] = [];
  #onChange: (changes: readonly (NewSetting & { readonly before: string | null })[]) => void = () => undefined;
  /** One change after the other: each begins with what the one before left. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(log: SettingsLog) {
    this.#log = log;
  }

  /** Who is to be told what was set here, with what it was before. */
  onChange(tell: (changes: readonly (NewSetting & { readonly before: string | null })[]) => void): void {
    this.#onChange = tell;
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

  /**
   * For who reads what is in force, then changes it: begins with what is set now, and nobody else here changes anything meanwhile.
   * @throws StoreError, and what `change` throws
   */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#running.then(async () => {
      await this.refresh();
      return change();
    });
    // Whoever asked is told.
    this.#running = done.catch(() => undefined);
    return done;
  }

  /**
   * Makes changes, within `inTurn`: all of them are in force when this resolves.
   * @throws StoreError: then none is; SettingsConflict: then those are not that another server had changed at the same time
   */
  async append(changes: readonly NewSetting[], changedMs: number): Promise<void> {
    const told = changes.map((change) => ({ ...change, before: this.#known(change)?.value ?? null }));
    const settings = changes.map((change) => ({ ...change, changedMs, version: (this.#known(change)?.version ?? 0) + 1 }));
    if (settings.length === 0) return;
    const others = await this.#log.append(settings);
    this.#onChange(told);
    this.#take(settings);
    this.#take(others);
    const [other] = others;
    if (other !== undefined) throw new SettingsConflict({ code: "SETTINGS_CONFLICT" }, conflictText(other));
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

const conflictText = ({ who, what }: Setting) =>
  `this was changed on another server at the same time, by ${who}: ${what}. Look at what is set now, and try again`;
