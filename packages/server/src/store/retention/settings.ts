/** What people set of retention: read from the store, followed, and changed. */

import { randomUUID } from "node:crypto";
import type { RetentionPolicy } from "@flowtrail/model";
import type { Logger } from "../logger.ts";
import type { SettingsBook } from "../settings/settings-book.ts";
import type { Setting } from "../settings/settings-log.ts";
import { RetentionError } from "./errors.ts";
import { type Hold, holdFromJson, holdToJson } from "./holds.ts";
import { changed, describeChange, type PolicyChange, type PolicyOverrides } from "./policy.ts";

export interface NewHold {
  readonly fromMs: number;
  readonly toMs: number;
  readonly network: string | null;
  readonly reason: string;
}

export interface RetentionState {
  readonly policy: RetentionPolicy;
  readonly defaults: RetentionPolicy;
  readonly overrides: PolicyOverrides;
  /** Of the policy; null: it never was. */
  readonly changed: { readonly ms: number; readonly who: string } | null;
  readonly holds: readonly Hold[];
}

export function newHold(id: string, asked: NewHold, who: string, createdMs: number): Hold {
  return { id, ...asked, who, createdMs, releasedMs: null, releasedBy: null };
}

const NAMES = ["retention", "hold"] as const;

export class RetentionSettings {
  readonly #defaults: RetentionPolicy;
  readonly #book: SettingsBook;
  readonly #logger: Logger;
  #known: { readonly settings: readonly Setting[]; readonly state: RetentionState } | null = null;

  /** @param defaults as configured; what is set at run time overrides it */
  constructor(defaults: RetentionPolicy, deps: { book: SettingsBook; logger: Logger }) {
    this.#defaults = defaults;
    this.#book = deps.book;
    this.#logger = deps.logger;
  }

  /** Reads what is set, here or on another server. @throws StoreError */
  refresh(): Promise<void> {
    return this.#book.refresh();
  }

  get state(): RetentionState {
    const { settings } = this.#book;
    if (this.#known?.settings !== settings) this.#known = { settings, state: stateOf(this.#defaults, settings) };
    return this.#known.state;
  }

  /** Another one for each change. */
  get version(): string {
    return this.#book.version(NAMES);
  }

  /** What would be in force after a change. @throws RetentionError BAD_RETENTION */
  after(change: PolicyChange): RetentionState {
    const overrides = changed(this.state.overrides, change);
    return { ...this.state, policy: { ...this.#defaults, ...overrides }, overrides };
  }

  /**
   * Sets some of the policy.
   * @throws RetentionError BAD_RETENTION; StoreError; SettingsConflict
   */
  async set(change: PolicyChange, who: string, nowMs: number): Promise<void> {
    changed({}, change);
    const what = await this.#book.inTurn(async () => {
      const next = this.after(change);
      const what = describeChange(this.state.policy, next.policy);
      await this.#append("retention", "", who, what, JSON.stringify(next.overrides), nowMs);
      return what;
    });
    this.#logger.info({ who, what }, "retention was set");
  }

  /** @throws StoreError */
  async addHold(asked: NewHold, who: string, nowMs: number): Promise<Hold> {
    const hold = newHold(randomUUID(), asked, who, nowMs);
    await this.#book.inTurn(() => this.#append("hold", hold.id, who, `hold: ${asked.reason}`, holdToJson(hold), nowMs));
    this.#logger.info({ who, hold: hold.id }, "a legal hold was set");
    return hold;
  }

  /** Ends a hold; one that has ended stays as it is. @throws RetentionError HOLD_UNKNOWN; StoreError; SettingsConflict */
  releaseHold(id: string, who: string, nowMs: number): Promise<Hold> {
    return this.#book.inTurn(async () => {
      const hold = this.#hold(id);
      if (hold.releasedMs !== null) return hold;
      const released = { ...hold, releasedMs: nowMs, releasedBy: who };
      await this.#append("hold", id, who, `released: ${hold.reason}`, holdToJson(released), nowMs);
      this.#logger.info({ who, hold: id }, "a legal hold was released");
      return released;
    });
  }

  /** What would be in force if a hold were released. @throws RetentionError HOLD_UNKNOWN */
  afterRelease(id: string, nowMs: number): RetentionState {
    const held = this.#hold(id);
    const holds = this.state.holds.map((hold) => (hold === held ? { ...hold, releasedMs: hold.releasedMs ?? nowMs } : hold));
    return { ...this.state, holds };
  }

  /** @throws RetentionError HOLD_UNKNOWN */
  #hold(id: string): Hold {
    const hold = this.state.holds.find((one) => one.id === id);
    if (hold === undefined) throw new RetentionError({ code: "HOLD_UNKNOWN", id }, `there is no legal hold ${id}`);
    return hold;
  }

  #append(name: (typeof NAMES)[number], id: string, who: string, what: string, value: string, changedMs: number): Promise<void> {
    return this.#book.append([{ name, id, who, what, value }], changedMs);
  }
}

function stateOf(defaults: RetentionPolicy, settings: readonly Setting[]): RetentionState {
  const set = settings.find(({ name }) => name === "retention");
  const overrides = set === undefined ? {} : (JSON.parse(set.value) as PolicyOverrides);
  const holds = settings.filter(({ name }) => name === "hold").map(({ id, value }) => holdFromJson(id, value));
  return {
    policy: { ...defaults, ...overrides },
    defaults,
    overrides,
    changed: set === undefined ? null : { ms: set.changedMs, who: set.who },
    holds: holds.sort((a, b) => b.createdMs - a.createdMs),
  };
}
