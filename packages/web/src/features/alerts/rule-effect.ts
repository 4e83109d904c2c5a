/** What saving a rule does, in sentences. */
import { type AlertRule, formatCount } from "@flowtrail/model";
import { ruleSentence } from "./rule-words.ts";
import { spanText } from "./spans.ts";

/** @param before null: it is a new one */
export function ruleEffect(before: AlertRule | null, after: AlertRule): readonly string[] {
  const begins = after.enabled ? "It watches from the next look on" : "It is off and watches nothing";
  if (before === null) return [ruleSentence(after), `${begins}. ${toldText(after)}`];
  const changes = [
    ...(before.enabled === after.enabled
      ? []
      : [after.enabled ? "It is switched on." : "It is switched off: nothing is looked for any more."]),
    ...(ruleSentence(before) === ruleSentence(after) ? [] : [ruleSentence(after)]),
    ...fieldChange("Name", before.name, after.name),
    ...(same(settingsOf(before), settingsOf(after)) ? [] : ["Its settings become other ones."]),
    ...(isNamed(after) ? fieldChange("Filter", before.q || "all traffic", after.q || "all traffic") : []),
    ...(isNamed(after) ? fieldChange("Severity", before.severity, after.severity) : []),
    ...(isNamed(after) ? fieldChange("Window", spanText(before.window_s), spanText(after.window_s)) : []),
    ...(isNamed(after) ? fieldChange("Held for", spanText(before.for_s), spanText(after.for_s)) : []),
    ...(isNamed(after) ? fieldChange("Gone for", spanText(before.clear_s), spanText(after.clear_s)) : []),
    ...(same(before.recipients, after.recipients) ? [] : [toldText(after)]),
    ...fieldChange("MITRE ATT&CK", before.mitre.join(", ") || "none", after.mitre.join(", ") || "none"),
    ...(before.explanation === after.explanation ? [] : ["Its explanation becomes another one."]),
  ];
  return changes.length === 0 ? ["Nothing becomes different."] : changes;
}

function toldText({ recipients }: AlertRule): string {
  if (recipients.length === 0) return "Recipients that take every alert are told.";
  return recipients.length === 1
    ? `The recipient ${recipients[0]} is told.`
    : `${formatCount(recipients.length)} recipients are told: ${recipients.join(", ")}.`;
}

function fieldChange(label: string, before: string, after: string): readonly string[] {
  return before === after ? [] : [`${label}: ${before} → ${after}`];
}

const isNamed = ({ watch }: AlertRule) => watch.kind !== "measure";
const settingsOf = ({ watch }: AlertRule) => ("settings" in watch ? watch.settings : null);
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
