/** The rules that are in force: those that came with Flowtrail, under what people changed, under the operator's file. */
import type { AlertRule, RuleOrigin } from "@flowtrail/model";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { Setting } from "../store/settings/settings-log.ts";
import { AlertError } from "./groups.ts";
import { checkRule, readRule } from "./rule-schema.ts";
import type { FileRules } from "./rules-file.ts";
import type { Watchers } from "./watcher.ts";

export interface KeptRule {
  readonly rule: AlertRule;
  readonly origin: RuleOrigin;
  /** Null: it is as it came. */
  readonly changed: { readonly ms: number; readonly who: string } | null;
}

export interface RuleBookDeps {
  readonly shipped: readonly AlertRule[];
  readonly book: Pick<SettingsBook, "settings" | "inTurn" | "append">;
  readonly watchers: Watchers;
  readonly file: { readonly current: FileRules; readonly isUnread: boolean };
  readonly logger: { warn(fields: object, message: string): void };
}

export interface By {
  readonly ms: number;
  readonly who: string;
}

/** Most rules of people, so that none of them makes all others late. */
const MOST_RULES = 500;
const GONE = "null";

export class RuleBook {
  readonly #deps: RuleBookDeps;
  #known: { readonly settings: readonly Setting[]; readonly file: FileRules; readonly all: readonly KeptRule[] } | null = null;

  constructor(deps: RuleBookDeps) {
    this.#deps = deps;
  }

  get watchers(): Watchers {
    return this.#deps.watchers;
  }

  /** False: the operator's file could not be read since the start, so that its rules are missing. */
  get isWhole(): boolean {
    return !this.#deps.file.isUnread;
  }

  /** Another array for each change. */
  get all(): readonly KeptRule[] {
    const { settings } = this.#deps.book;
    const { current: file } = this.#deps.file;
    if (this.#known === null || this.#known.settings !== settings || this.#known.file !== file)
      this.#known = { settings, file, all: this.#read(settings, file) };
    return this.#known.all;
  }

  of(id: string): KeptRule | null {
    return this.all.find(({ rule }) => rule.id === id) ?? null;
  }

  isShipped(id: string): boolean {
    return this.#deps.shipped.some((rule) => rule.id === id);
  }

  /** In force here when it resolves. @throws AlertError, StoreError, SettingsConflict */
  async put(id: string, body: unknown, by: By): Promise<KeptRule> {
    const rule = readRule(id, body, this.watchers, this.isShipped(id));
    await this.putAll([rule], by);
    return this.of(id) as KeptRule;
  }

  /** All or none. @throws AlertError, StoreError, SettingsConflict */
  putAll(rules: readonly AlertRule[], by: By): Promise<void> {
    return this.#deps.book.inTurn(async () => {
      for (const { id } of rules) this.#assertNotOfFile(id);
      const news = rules.filter(({ id }) => this.of(id) === null).length;
      if (this.all.length + news > MOST_RULES)
        throw new AlertError(
          { code: "BAD_RULE", field: "" },
          `there are ${this.all.length} rules: at most ${MOST_RULES} are kept`,
        );
      const changes = rules.map((rule) => {
        const { id, shipped: _, ...body } = rule;
        const what = changeText(this.of(id)?.rule ?? null, rule);
        return { name: "alert_rule" as const, id, who: by.who, what, value: JSON.stringify(body) };
      });
      await this.#deps.book.append(changes, by.ms);
    });
  }

  /** One that came with Flowtrail is as it came again. @returns whether there was anything to take away. @throws AlertError, StoreError, SettingsConflict */
  remove(id: string, by: By): Promise<boolean> {
    return this.#deps.book.inTurn(async () => {
      this.#assertNotOfFile(id);
      const kept = this.of(id);
      if (kept === null || kept.changed === null) return false;
      const what = kept.rule.shipped ? `${kept.rule.name}: as it came again` : `${kept.rule.name}: deleted`;
      await this.#deps.book.append([{ name: "alert_rule", id, who: by.who, what, value: GONE }], by.ms);
      return true;
    });
  }

  #assertNotOfFile(id: string): void {
    if (this.of(id)?.origin !== "file") return;
    throw new AlertError({ code: "RULE_OF_FILE", id }, `the rule ${id} is in the file of alerts.rules_file: change it there`);
  }

  #read(settings: readonly Setting[], file: FileRules): readonly KeptRule[] {
    const kept = new Map<string, KeptRule>(
      this.#deps.shipped.map((rule) => [rule.id, { rule, origin: "shipped" as const, changed: null }]),
    );
    for (const { name, id, value, changedMs, who } of settings) {
      if (name !== "alert_rule" || value === GONE) continue;
      const rule = checkRule(id, JSON.parse(value), this.watchers, this.isShipped(id));
      if (Array.isArray(rule)) {
        this.#deps.logger.warn({ rule: id, problems: rule }, "this version can't read an alert rule: it is not looked at");
        continue;
      }
      const origin = this.isShipped(id) ? "changed" : "own";
      kept.set(id, { rule: rule as AlertRule, origin, changed: { ms: changedMs, who } });
    }
    for (const rule of file.rules)
      kept.set(rule.id, { rule, origin: "file", changed: { ms: file.changedMs, who: "alerts.rules_file" } });
    return [...kept.values()].sort((a, b) => Number(b.rule.shipped) - Number(a.rule.shipped) || order(a.rule.name, b.rule.name));
  }
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** What is different, in words. */
export function differences(before: AlertRule, after: AlertRule): string[] {
  const names = Object.keys(after) as (keyof AlertRule)[];
  return names.filter((name) => name !== "shipped" && JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

function changeText(before: AlertRule | null, after: AlertRule): string {
  if (before === null) return `${after.name}: new rule`;
  if (before.enabled !== after.enabled) return `${after.name}: ${after.enabled ? "on" : "off"}`;
  const names = differences(before, after);
  return names.length === 0 ? `${after.name}: as it was` : `${after.name}: another ${names.join(", ")}`;
}
