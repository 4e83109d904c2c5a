/** A rule in a sentence, as the editor shows it while one writes and the list tells what each rule does. */
import {
  type AlertMeasure,
  type AlertRule,
  type AlertThreshold,
  type AlertWatch,
  formatBytes,
  formatCount,
  type MeasureWatch,
} from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";
import { spanText } from "./spans.ts";

export function isMeasure(watch: AlertWatch): watch is MeasureWatch {
  return watch.kind === "measure";
}

type Said = Pick<AlertRule, "q" | "watch" | "window_s" | "for_s" | "clear_s" | "severity" | "explanation">;

/** `High alert when one Source name has more than 100 connections within 5 min, of flows where dst.port=22. …` */
export function ruleSentence(rule: Said): string {
  const { watch } = rule;
  if (!isMeasure(watch)) return firstSentence(rule.explanation);
  const of = rule.q.trim() === "" ? "" : `, of flows where ${rule.q.trim()}`;
  const whose = watch.by.length === 0 ? "all traffic together" : `one ${listOf(watch.by.map(fieldLabel), "and")}`;
  const when = `${capital(rule.severity)} alert when ${whose} ${measured(watch)} within ${spanText(rule.window_s)}${of}`;
  const held = rule.for_s > 0 ? `, for ${spanText(rule.for_s)} at least` : "";
  const over =
    rule.clear_s > 0 ? `It is over when that has been gone for ${spanText(rule.clear_s)}.` : "It is over when that is gone.";
  return `${when}${held}. ${over}`;
}

function measured({ measure, threshold }: MeasureWatch): string {
  if (measure.kind === "absence") return "has no traffic at all";
  if (measure.kind === "share") {
    return `has ${shareLimit(threshold, measure)} of its connections ${listOf(measure.verdicts, "or")}, with at least ${formatCount(measure.least_connections)} connections`;
  }
  return limitText(threshold, measure);
}

/** `more than 100 connections` */
function limitText(threshold: AlertThreshold, measure: AlertMeasure): string {
  if (threshold.kind !== "baseline") {
    return `has ${threshold.kind === "above" ? "more" : "less"} than ${amountText(threshold.value, measure)}`;
  }
  const { factor, weeks, least } = threshold;
  const before = weeks === 1 ? "a week before" : `in the ${weeks} weeks before (on average)`;
  return `has more than ${factor} times the ${measureName(measure)} of the same time ${before}, and at least ${amountText(least, measure)}`;
}

function shareLimit(threshold: AlertThreshold, measure: AlertMeasure): string {
  if (threshold.kind === "baseline") {
    return `more than ${threshold.factor} times the usual share (and at least ${amountText(threshold.least, measure)})`;
  }
  return `${threshold.kind === "above" ? "more" : "less"} than ${amountText(threshold.value, measure)}`;
}

/** A value of what is measured: `1.50 GiB`, `412 different ports`, `40 %`. */
export function amountText(value: number, measure: AlertMeasure): string {
  switch (measure.kind) {
    case "bytes":
      return formatBytes(value);
    case "rate":
      return `${formatBytes(value)}/s`;
    case "share":
      return `${formatCount(Math.round(value * 1000) / 10)} %`;
    default:
      return `${formatCount(value)} ${measureName(measure)}`;
  }
}

/** What is measured: `connections`, `different ports`. */
export function measureName(measure: AlertMeasure): string {
  switch (measure.kind) {
    case "distinct":
      return `different values of ${fieldLabel(measure.of)}`;
    case "rate":
      return "bytes per second";
    case "share":
      return "share of connections";
    case "absence":
      return "traffic";
    default:
      return measure.kind;
  }
}

function listOf(words: readonly string[], and: "and" | "or"): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} ${and} ${words.at(-1)}`;
}

/** Of a longer text, what stands in one line. */
export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}

const capital = (word: string) => `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`;
