/** A rule as people write it (YAML, API), checked; and what is made of its texts. */
import { ALERT_SEVERITIES, type AlertRule, type AlertWatch, FilterError, type MeasureWatch, parseFilter } from "@flowtrail/model";
import { z } from "zod";
import { AlertError } from "./groups.ts";
import type { WatchedRule, Watcher, Watchers } from "./watcher.ts";

/** A rule that is looked at for more than that is no alarm any more. */
const MAX_WINDOW_S = 7 * 86_400;
const MIN_WINDOW_S = 10;

const filterText = z
  .string()
  .max(4000)
  .superRefine((text, context) => {
    try {
      parseFilter(text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  });

export const ruleId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "expected small letters, digits and -, such as port-scan");

/** The watch is checked by its watcher. */
const watch = z.looseObject({ kind: z.string().min(1).max(64) });

export const ruleFields = {
  name: z.string().trim().min(1).max(200),
  explanation: z.string().max(4000).default(""),
  enabled: z.boolean().default(true),
  severity: z.enum(ALERT_SEVERITIES).default("medium"),
  q: filterText.default("").describe("In the filter language; empty: all traffic"),
  watch: watch.describe("`kind: measure` with `measure`, `by` and `threshold`, or another kind with its `settings`"),
  window_s: z.number().int().min(MIN_WINDOW_S).max(MAX_WINDOW_S).default(300),
  for_s: z.number().int().min(0).max(86_400).default(0),
  clear_s: z.number().int().min(0).max(86_400).default(300),
  recipients: z.array(z.string().min(1).max(64)).max(20).default([]),
  mitre: z
    .array(z.string().regex(/^T\d{4}(\.\d{3})?$/, "expected a technique of MITRE ATT&CK, such as T1046"))
    .max(10)
    .default([]),
};

/** Without its id, and without what only Flowtrail says. */
export const ruleBody = z.strictObject(ruleFields);

/** What is wrong with a rule, by the path within it. */
export interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** As the watcher understands it, or what is wrong with it. */
function readWatch(
  { kind, ...rest }: { readonly kind: string },
  watchers: Watchers,
): { watcher: Watcher; settings: unknown; watch: AlertWatch } | RuleProblem[] {
  const watcher = watchers.of({ kind });
  if (watcher === null)
    return [
      { path: ["watch", "kind"], message: `there is no watcher ${JSON.stringify(kind)}; there are ${watchers.kinds.join(", ")}` },
    ];
  if (kind === "measure") {
    const read = watcher.settings.safeParse(rest);
    if (!read.success) return problemsIn(read.error, ["watch"]);
    return { watcher, settings: read.data, watch: { kind, ...(read.data as object) } as MeasureWatch };
  }
  const { settings = {}, ...others } = rest as { settings?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return [{ path: ["watch", unknown], message: `Unrecognized key: "${unknown}"` }];
  const read = watcher.settings.safeParse(settings);
  if (!read.success) return problemsIn(read.error, ["watch", "settings"]);
  return { watcher, settings: read.data, watch: { kind, settings: settings as Record<string, unknown> } };
}

export function problemsIn(error: z.ZodError, under: readonly (string | number)[] = []): RuleProblem[] {
  return error.issues.map((issue) => ({
    path: [
      ...under,
      ...issue.path.map((key) => (typeof key === "number" ? key : String(key))),
      ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : []),
    ],
    message: issue.message,
  }));
}

/** All that is wrong with a rule at once, or the rule. */
export function checkRule(id: string, body: unknown, watchers: Watchers, shipped: boolean): AlertRule | RuleProblem[] {
  const read = ruleBody.safeParse(body);
  const named = ruleId.safeParse(id);
  const problems = named.success ? [] : problemsIn(named.error, ["id"]);
  if (!read.success) return [...problems, ...problemsIn(read.error)];
  const found = readWatch(read.data.watch as { kind: string }, watchers);
  if (Array.isArray(found)) return [...problems, ...found];
  return problems.length > 0 ? problems : { id, ...read.data, watch: found.watch, shipped };
}

/** @throws AlertError BAD_RULE with all that is wrong */
export function readRule(id: string, body: unknown, watchers: Watchers, shipped: boolean): AlertRule {
  const rule = checkRule(id, body, watchers, shipped);
  if (!Array.isArray(rule)) return rule;
  throw new AlertError(
    { code: "BAD_RULE", field: rule[0]?.path.join(".") ?? "" },
    (rule as RuleProblem[]).map(({ path, message }) => `${path.join(".") || "rule"}: ${message}`).join("; "),
  );
}

/** @throws AlertError BAD_RULE, FilterError: the rule is of another version of this program */
export function watchedRule(
  rule: AlertRule,
  watchers: Watchers,
): { readonly watcher: Watcher; readonly watched: WatchedRule<unknown> } {
  const found = readWatch(rule.watch, watchers);
  if (Array.isArray(found))
    throw new AlertError({ code: "BAD_RULE", field: "watch" }, found.map(({ message }) => message).join("; "));
  return { watcher: found.watcher, watched: { rule, filter: parseFilter(rule.q), settings: found.settings } };
}
