/** A rule as a form has it: every field a text, so that what is half written stays as it was written. */
import {
  ALERT_SEVERITIES,
  type AlertMeasure,
  type AlertRule,
  type AlertSeverity,
  type AlertThreshold,
  type MeasureWatch,
  parseSize,
} from "@flowtrail/model";
import { mistakeIn } from "../../lib/asked.ts";
import { slugOf } from "../../lib/slug.ts";
import { readSettings, type SettingTexts, writeSettings } from "./rule-settings.ts";
import { isMeasure } from "./rule-words.ts";
import { readSpan, writeSpan } from "./spans.ts";

export interface RuleForm {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  readonly enabled: boolean;
  readonly severity: AlertSeverity;
  readonly q: string;
  /** `measure`, or the name of a watcher, which has `settings` in place of the measure's fields. */
  readonly watch: string;
  readonly settings: SettingTexts;
  readonly measure: AlertMeasure["kind"];
  readonly of: string;
  readonly verdicts: readonly string[];
  readonly least_connections: string;
  readonly by: readonly string[];
  readonly threshold: AlertThreshold["kind"];
  readonly value: string;
  readonly weeks: string;
  readonly factor: string;
  readonly least: string;
  readonly window: string;
  readonly for: string;
  readonly clear: string;
  readonly recipients: readonly string[];
  readonly mitre: string;
}

const MOST_BY = 3;

export const NEW_RULE: RuleForm = {
  id: "",
  name: "",
  explanation: "",
  enabled: true,
  severity: "medium",
  q: "",
  watch: "measure",
  settings: {},
  measure: "connections",
  of: "dst.port",
  verdicts: ["unanswered"],
  least_connections: "20",
  by: ["src.name"],
  threshold: "above",
  value: "100",
  weeks: "4",
  factor: "3",
  least: "100",
  window: "5m",
  for: "0s",
  clear: "10m",
  recipients: [],
  mitre: "",
};

export function formOf(rule: AlertRule): RuleForm {
  const { id, name, explanation, enabled, severity, q, watch, recipients } = rule;
  const common = {
    ...NEW_RULE,
    ...{ id, name, explanation, enabled, severity, q, recipients },
    window: writeSpan(rule.window_s),
    for: writeSpan(rule.for_s),
    clear: writeSpan(rule.clear_s),
    mitre: rule.mitre.join(", "),
  };
  if (!isMeasure(watch)) return { ...common, watch: watch.kind, settings: writeSettings(watch.settings) };
  const { measure, threshold, by } = watch;
  return {
    ...common,
    by,
    measure: measure.kind,
    threshold: threshold.kind,
    ...(measure.kind === "distinct" && { of: measure.of }),
    ...(measure.kind === "share" && { verdicts: measure.verdicts, least_connections: String(measure.least_connections) }),
    ...(threshold.kind === "baseline"
      ? { weeks: String(threshold.weeks), factor: String(threshold.factor), least: writeAmount(threshold.least, measure.kind) }
      : { value: writeAmount(threshold.value, measure.kind) }),
  };
}

export interface ReadRule {
  /** Null while something is wrong. */
  readonly rule: AlertRule | null;
  /** By field of the form. */
  readonly mistakes: Readonly<Partial<Record<keyof RuleForm | `settings.${string}`, string>>>;
}

/** @param known the rule that is changed; null: a new one */
export function readForm(form: RuleForm, known: AlertRule | null): ReadRule {
  const mistakes: Record<string, string> = {};
  const check = <T>(field: keyof RuleForm, value: T | null, expected: string): T | null => {
    if (value === null) mistakes[field] = expected;
    return value;
  };
  const id = known?.id ?? slugOf(form.name);
  if (form.name.trim() === "") mistakes.name = "It needs a name.";
  else if (id === "") mistakes.name = "The name needs a letter or a digit of a to z and 0 to 9.";
  const wrong = mistakeIn(form.q);
  if (wrong !== null) mistakes.q = wrong.message;
  const span = (field: "window" | "for" | "clear", leastS: number) => {
    const seconds = readSpan(form[field]);
    return check(
      field,
      seconds !== null && seconds >= leastS ? seconds : null,
      leastS > 0 ? `A time of ${writeSpan(leastS)} or more, such as 5m.` : "A time such as 10m, or 0s.",
    );
  };
  const times = { window_s: span("window", 10), for_s: span("for", 0), clear_s: span("clear", 0) };
  const mitre = form.mitre
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map((part) => part.toUpperCase());
  if (mitre.some((part) => !/^T\d{4}(?:\.\d{3})?$/.test(part)))
    mistakes.mitre = "Technique ids such as T1046 or T1071.004, with commas.";
  const watch = form.watch === "measure" ? readMeasure(form, check) : namedWatch(form, known, mistakes);
  const isRight = Object.keys(mistakes).length === 0 && watch !== null;
  const { enabled, severity, recipients } = form;
  return {
    mistakes,
    rule: isRight
      ? {
          ...{ id, enabled, severity, recipients, mitre, watch },
          name: form.name.trim(),
          explanation: form.explanation.trim(),
          q: form.q.trim(),
          window_s: times.window_s ?? 0,
          for_s: times.for_s ?? 0,
          clear_s: times.clear_s ?? 0,
          shipped: known?.shipped ?? false,
        }
      : null,
  };
}

type Check = <T>(field: keyof RuleForm, value: T | null, expected: string) => T | null;

function readMeasure(form: RuleForm, check: Check): MeasureWatch | null {
  if (form.by.length > MOST_BY) check("by", null, `At most ${MOST_BY} fields.`);
  const measure = measureOf(form, check);
  const threshold = thresholdOf(form, check);
  return measure === null || threshold === null ? null : { kind: "measure", measure, by: form.by, threshold };
}

function measureOf(form: RuleForm, check: Check): AlertMeasure | null {
  switch (form.measure) {
    case "distinct":
      return { kind: "distinct", of: form.of };
    case "share": {
      check("verdicts", form.verdicts.length === 0 ? null : form.verdicts, "Choose what is counted.");
      const least = check("least_connections", wholeOf(form.least_connections), "A whole number of 1 or more.");
      return least === null ? null : { kind: "share", verdicts: form.verdicts, least_connections: least };
    }
    default:
      return { kind: form.measure };
  }
}

function thresholdOf(form: RuleForm, check: Check): AlertThreshold | null {
  // There is nothing to compare: it is 1 where nothing was seen.
  if (form.measure === "absence") return { kind: "above", value: 0 };
  const expected = EXPECTED[form.measure] ?? "A number of 0 or more.";
  if (form.threshold !== "baseline") {
    const value = check("value", readAmount(form.value, form.measure), expected);
    return value === null ? null : { kind: form.threshold, value };
  }
  const weeks = check("weeks", wholeOf(form.weeks), "Whole weeks, 1 or more.");
  const factor = check("factor", positiveOf(form.factor), "A number above 0, such as 3.");
  const least = check("least", readAmount(form.least, form.measure), expected);
  return weeks === null || factor === null || least === null ? null : { kind: "baseline", weeks, factor, least };
}

function namedWatch(form: RuleForm, known: AlertRule | null, mistakes: Record<string, string>) {
  const before = known === null || isMeasure(known.watch) ? {} : known.watch.settings;
  const read = readSettings(form.settings, before);
  for (const [name, mistake] of Object.entries(read.mistakes)) mistakes[`settings.${name}`] = mistake;
  return { kind: form.watch, settings: read.settings };
}

const EXPECTED: Readonly<Partial<Record<AlertMeasure["kind"], string>>> = {
  bytes: "A size such as 500 MiB.",
  rate: "A size such as 10 MiB: so much in a second.",
  share: "A share such as 40 %.",
};

/** Bytes may have a unit, shares are per cent. */
export function readAmount(text: string, kind: AlertMeasure["kind"]): number | null {
  if (kind === "bytes" || kind === "rate") return parseSize(text.replace(/\/s$/i, ""));
  const number = numberOf(text.replace(/%$/, ""));
  if (number === null || number < 0) return null;
  if (kind !== "share") return number;
  return number > 100 ? null : number / 100;
}

export function writeAmount(value: number, kind: AlertMeasure["kind"]): string {
  if (kind === "share") return `${Math.round(value * 1000) / 10} %`;
  if (kind !== "bytes" && kind !== "rate") return String(value);
  const unit = ["B", "KiB", "MiB", "GiB", "TiB"].findLast((_, i) => value >= 1024 ** i && value % 1024 ** i === 0) ?? "B";
  return unit === "B" ? `${value} B` : `${value / 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].indexOf(unit)} ${unit}`;
}

function numberOf(text: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}

function wholeOf(text: string): number | null {
  const number = numberOf(text);
  return number !== null && Number.isSafeInteger(number) && number >= 1 ? number : null;
}

function positiveOf(text: string): number | null {
  const number = numberOf(text);
  return number !== null && number > 0 ? number : null;
}

export function isSeverity(text: string): text is AlertSeverity {
  return (ALERT_SEVERITIES as readonly string[]).includes(text);
}

/** What is sent of a rule: without what the server says of it. */
export function bodyOf(rule: AlertRule): AlertRule {
  const { id, name, explanation, enabled, severity, q, watch, window_s, for_s, clear_s, recipients, mitre, shipped } = rule;
  return { id, name, explanation, enabled, severity, q, watch, window_s, for_s, clear_s, recipients, mitre, shipped };
}
