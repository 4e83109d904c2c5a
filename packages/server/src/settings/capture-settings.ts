/** What agents record: read from the settings of the store, and changed. */
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { Setting } from "../store/settings/settings-log.ts";
import {
  type CaptureChange,
  type CapturePolicy,
  type CaptureState,
  captureAfter,
  capturePolicyOf,
  captureStateOf,
} from "./capture-state.ts";
import { captureChanges } from "./capture-words.ts";

export interface CaptureSettingsDeps {
  readonly book: Pick<SettingsBook, "settings" | "refresh" | "inTurn" | "append">;
  readonly logger: { info(fields: object, message: string): void };
}

export class CaptureSettings {
  readonly #defaults: CapturePolicy;
  readonly #deps: CaptureSettingsDeps;
  #known: { readonly settings: readonly Setting[]; readonly state: CaptureState } | null = null;

  /** @param defaults as configured; what is set at run time overrides it */
  constructor(defaults: CapturePolicy, deps: CaptureSettingsDeps) {
    this.#defaults = capturePolicyOf(defaults);
    this.#deps = deps;
  }

  /** Another object for each change, here or on another server. */
  get state(): CaptureState {
    const { settings } = this.#deps.book;
    if (this.#known?.settings !== settings) this.#known = { settings, state: captureStateOf(this.#defaults, settings) };
    return this.#known.state;
  }

  /** Reads what is set, here or on another server. @throws StoreError */
  refresh(): Promise<void> {
    return this.#deps.book.refresh();
  }

  /** In force here when it resolves. @returns what was before. @throws StoreError, SettingsConflict */
  set(
    change: CaptureChange,
    by: { readonly ms: number; readonly who: string },
    nameOf: (kind: "network" | "node", id: string) => string,
  ): Promise<CaptureState> {
    const { book, logger } = this.#deps;
    return book.inTurn(async () => {
      const before = this.state;
      const changes = captureChanges(before, captureAfter(before, change, by), nameOf);
      await book.append(
        changes.map((one) => ({ ...one, who: by.who })),
        by.ms,
      );
      for (const { what } of changes) logger.info({ who: by.who, what }, "what agents record was set");
      return before;
    });
  }
}
