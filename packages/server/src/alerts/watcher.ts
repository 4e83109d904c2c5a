/**
 * The port of everything that looks for something. The engine gives a watcher a rule, a window and what it may ask; the watcher tells what it
 * found there. It keeps nothing between two looks: any past window may be looked at again (late rows, a test on history), by any server.
 */
import type { AlertRule, Filter, Finding, NamedWatch, StoreReport, TimeRange } from "@flowtrail/model";
import type { z } from "zod";
import type { AgentReport } from "../health/agent-book.ts";
import type { InventoryHistory } from "../identify/history/history.ts";
import type { Inquiry, Question } from "../query/inquiry.ts";
import type { TrafficMeasure } from "../query/traffic/question.ts";

/** A rule with what was made of its texts. */
export interface WatchedRule<Settings> {
  readonly rule: AlertRule;
  /** `rule.q`. */
  readonly filter: Filter;
  /** `rule.watch.settings`, as the watcher's schema understood them. */
  readonly settings: Settings;
}

export interface GroupsQuestion {
  readonly filter: Filter;
  /** Fields of the filter language that traffic can be grouped by; none: all of it is one group. */
  readonly by: readonly string[];
  readonly window: TimeRange;
  readonly measures: readonly TrafficMeasure[];
  /** Counts the values of this field in each group. */
  readonly distinct?: string;
  /** Only groups that have at least so much of one of these. */
  readonly least?: Partial<Readonly<Record<TrafficMeasure | "distinct", number>>>;
  /** Most groups told: those with the most of the first measure (of `distinct`, if it is asked for). */
  readonly limit: number;
}

export interface Group {
  /** In the order of `by`, as the filter language reads them; null: the flow has none. */
  readonly values: readonly (string | null)[];
  readonly sums: Readonly<Record<TrafficMeasure | "distinct", number>>;
}

export interface WatchTools {
  /** Of the engine: in a test on history long after the window. */
  readonly nowMs: number;
  /** Looks at the past for a test, and not at what is now. */
  readonly isTest: boolean;
  /** A statement of one's own. Bounded in time, memory and rows read. @throws QuestionError, StoreError */
  ask<T>(question: Question): Promise<T[]>;
  /** Sums of traffic by group, from rollups as far as they know and from rows. @throws QuestionError, StoreError */
  groups(question: GroupsQuestion): Promise<readonly Group[]>;
  /** For what already asks through one. */
  readonly inquiry: Inquiry;
  /** Who was who at any time. */
  readonly inventory: InventoryHistory;
  /** As they are now. */
  agents(): readonly AgentReport[];
  /** What is kept, and how long the disk lasts; null: it can't be told now. */
  storage(): Promise<StoreReport | null>;
  /** Told with the rule: why it stays quiet, what it could not look at. */
  note(text: string): void;
}

export interface Watcher<Settings = unknown> {
  /** `rule.watch.kind`. */
  readonly kind: string;
  readonly settings: z.ZodType<Settings>;
  /** Null: it can look at any past window. Else why it can't, for whoever tests a rule on history. */
  readonly notOnHistory: string | null;
  /**
   * So long after the server began to hear anybody (after a start, or when its store is back) it finds nobody new: who says nothing could not be
   * heard before. Left out: not at all.
   */
  graceMs?(settings: Settings): number;
  /**
   * False: no window within this stretch would find anything. One question instead of many, for tests on history.
   * @throws QuestionError, StoreError
   */
  mayFind?(watched: WatchedRule<Settings>, stretch: TimeRange, tools: WatchTools): Promise<boolean>;
  /**
   * @param window half-open, as of `rule.window_s`
   * @returns one for each group; those that stand for the same have the same labels in each window
   * @throws QuestionError, StoreError
   */
  look(watched: WatchedRule<Settings>, window: TimeRange, tools: WatchTools, signal: AbortSignal): Promise<readonly Finding[]>;
}

/** Watchers by what rules call them. */
export class Watchers {
  readonly #byKind: ReadonlyMap<string, Watcher>;

  constructor(all: readonly Watcher[]) {
    this.#byKind = new Map(all.map((watcher) => [watcher.kind, watcher]));
  }

  get kinds(): readonly string[] {
    return [...this.#byKind.keys()];
  }

  of({ kind }: Pick<NamedWatch, "kind">): Watcher | null {
    return this.#byKind.get(kind) ?? null;
  }
}
