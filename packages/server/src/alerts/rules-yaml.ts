/** Rules as YAML: what is exported, imported, and kept in a file of one's own. Every mistake is told with its line. */
import type { AlertRule } from "@flowtrail/model";
import { type Document, LineCounter, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { checkRule, problemsIn, type RuleProblem } from "./rule-schema.ts";
import type { Watchers } from "./watcher.ts";

export interface YamlProblem {
  /** Null: nowhere in particular. */
  readonly line: number | null;
  /** Such as `rules.1.threshold`. */
  readonly path: string;
  readonly message: string;
}

export interface CheckedRules {
  /** Those without a mistake; to be used only if there is none at all. */
  readonly rules: readonly AlertRule[];
  readonly problems: readonly YamlProblem[];
}

const MOST_RULES = 500;
const file = z.strictObject({
  rules: z.array(z.looseObject({ id: z.string("expected a text, such as port-scan") })).max(MOST_RULES),
});

export function rulesYaml(rules: readonly AlertRule[]): string {
  return stringify({ rules: rules.map(({ shipped: _, ...rule }) => rule) }, { lineWidth: 120 });
}

/** @param isShipped whether a rule of this id came with Flowtrail */
export function checkRulesYaml(text: string, watchers: Watchers, isShipped: (id: string) => boolean): CheckedRules {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, linePos }) => ({
      line: linePos?.[0].line ?? null,
      path: "",
      message: `this is no YAML: ${message.split("\n")[0] ?? ""}`,
    }));
    return { rules: [], problems };
  }
  const told = ({ path, message }: RuleProblem): YamlProblem => ({
    line: lineOf(document, path, counter),
    path: path.join("."),
    message,
  });
  let content: unknown;
  try {
    content = document.toJS() ?? {};
  } catch (error) {
    // An alias of nothing, or so many that they would fill the memory.
    return { rules: [], problems: [{ line: null, path: "", message: `this is no YAML: ${(error as Error).message}` }] };
  }
  const read = file.safeParse(content);
  if (!read.success) return { rules: [], problems: problemsIn(read.error).map(told) };
  const rules: AlertRule[] = [];
  const problems: YamlProblem[] = [];
  const seen = new Set<string>();
  for (const [i, { id, ...body }] of read.data.rules.entries()) {
    const rule = checkRule(id, body, watchers, isShipped(id));
    if (seen.has(id)) problems.push(told({ path: ["rules", i, "id"], message: `there is another rule ${id} above` }));
    seen.add(id);
    if (!Array.isArray(rule)) rules.push(rule as AlertRule);
    else problems.push(...(rule as RuleProblem[]).map(({ path, message }) => told({ path: ["rules", i, ...path], message })));
  }
  return { rules, problems: problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

/** In one line: `rules.yaml line 12: rules.1.q: …`. */
export function problemText({ line, path, message }: YamlProblem, name: string): string {
  return `${[name, line === null ? "" : `line ${line}`].filter((word) => word !== "").join(" ")}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** Of the key, or of the nearest one above it that is there: what is missing has no line of its own. */
function lineOf(document: Document.Parsed, path: readonly (string | number)[], counter: LineCounter): number | null {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: number[] } | undefined;
    if (node?.range?.[0] !== undefined) return counter.linePos(node.range[0]).line;
  }
  return null;
}
