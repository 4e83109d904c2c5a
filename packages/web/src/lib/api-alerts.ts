/** The API of alerts and their rules. All of them throw ApiError. */
import type { Alert, AlertCount, AlertList, AlertRule, AlertRuleReport, AlertSilence, AlertTestLine } from "@flowtrail/model";
import { call } from "./api.ts";
import { readLines } from "./read-lines.ts";

/** `params`: `state`, `rule`, `severity`, `limit`, `cursor`. */
export function fetchAlerts(params: URLSearchParams, signal?: AbortSignal): Promise<AlertList> {
  return call("GET", `/api/alerts?${params}`, undefined, signal);
}

export function fetchAlert(id: string, signal?: AbortSignal): Promise<Alert> {
  return call("GET", alertPath(id), undefined, signal);
}

export function fetchAlertCount(signal?: AbortSignal): Promise<AlertCount> {
  return call("GET", "/api/alerts/count", undefined, signal);
}

export function acknowledgeAlert(id: string, note: string): Promise<unknown> {
  return call("POST", `${alertPath(id)}/acknowledge`, { note });
}

/** @param scope this alert until it is over, or whatever the rule finds of the same labels */
export function silenceAlert(
  id: string,
  silence: { readonly for_s: number; readonly scope: "alert" | "labels"; readonly note: string },
): Promise<unknown> {
  return call("POST", `${alertPath(id)}/silence`, silence);
}

export function reopenAlert(id: string): Promise<unknown> {
  return call("POST", `${alertPath(id)}/reopen`, {});
}

/** Those that are in force. */
export function fetchSilences(signal?: AbortSignal): Promise<{ readonly silences: readonly AlertSilence[] }> {
  return call("GET", SILENCES, undefined, signal);
}

export function endSilence(id: string): Promise<unknown> {
  return call("DELETE", `${SILENCES}/${encodeURIComponent(id)}`);
}

const SILENCES = "/api/alert-silences";
const alertPath = (id: string) => `/api/alerts/${encodeURIComponent(id)}`;
const RULES = "/api/alert-rules";
const rulePath = (id: string) => `${RULES}/${encodeURIComponent(id)}`;

export interface RuleList {
  readonly rules: readonly AlertRuleReport[];
}

export function fetchRules(signal?: AbortSignal): Promise<RuleList> {
  return call("GET", RULES, undefined, signal);
}

export function saveRule({ id, shipped: _, ...rule }: AlertRule): Promise<unknown> {
  return call("PUT", rulePath(id), rule);
}

/** Deletes it; one that came with Flowtrail is as it came again. */
export function deleteRule(id: string): Promise<unknown> {
  return call("DELETE", rulePath(id));
}

/** What the rule would have found: line by line, as it is found. */
export function testRule(rule: AlertRule, days: number, signal: AbortSignal): AsyncGenerator<AlertTestLine> {
  const { shipped: _, ...body } = rule;
  return readLines<AlertTestLine>(`${RULES}/test`, { rule: body, days }, signal);
}

/** All own and changed rules, as a file. */
export const RULES_YAML = `${RULES}/export`;

export interface RuleImport {
  readonly saved: number;
  readonly changes: readonly { readonly id: string; readonly what: "added" | "changed" | "unchanged" }[];
}

/** @param isDry only tells what would change */
export function importRules(yaml: string, isDry: boolean): Promise<RuleImport> {
  return call("POST", `${RULES}/import?dry_run=${isDry}`, { yaml });
}
