/** How it goes with what looks at the log and tells others of it: a line each, and what to do. */
import { type AlertRuleReport, formatCount, formatDuration } from "@flowtrail/model";
import type { RecipientHealth, SinkHealth } from "../../lib/api-types.ts";

export interface OutwardLine {
  readonly key: string;
  /** `Rules`, the name of a recipient, … */
  readonly name: string;
  readonly text: string;
  readonly isBad: boolean;
  /** What to do; null: nothing. */
  readonly fix: string | null;
  readonly leadsTo: "rules" | "recipients" | "sinks";
}

const line = (leadsTo: OutwardLine["leadsTo"], id: string, name: string, text: string, fix: string | null): OutwardLine => ({
  key: `${leadsTo} ${id}`,
  ...{ name, text, fix, leadsTo },
  isBad: fix !== null,
});

/** All rules in one line; those that fail have one each. */
export function ruleLines(rules: readonly AlertRuleReport[], nowMs: number): readonly OutwardLine[] {
  const on = rules.filter(({ enabled }) => enabled);
  const looked = Math.max(0, ...on.map(({ status }) => (status.evaluated === null ? 0 : Date.parse(status.evaluated))));
  const open = rules.reduce((sum, { status }) => sum + status.open, 0);
  const since = looked === 0 ? "not looked yet" : `last looked ${formatDuration(Math.max(0, nowMs - looked))} ago`;
  const failing = on.filter(({ status }) => status.state === "failing" || status.state === "stopped");
  return [
    line("rules", "all", "Rules", `${formatCount(on.length)} on, ${since}, ${formatCount(open)} alerts not over`, null),
    ...failing.map(({ id, name, status }) =>
      line(
        "rules",
        id,
        name,
        `${status.state === "stopped" ? "stopped" : "failing"}: ${status.error ?? "no reason is told"}`,
        status.state === "stopped"
          ? "Give it a narrower filter or a shorter window: a change starts it again."
          : "It is tried again by itself; if it stays so, look at its filter and at the store.",
      ),
    ),
  ];
}

export function recipientLine(recipient: RecipientHealth): OutwardLine {
  const { id, name, enabled, waiting, parked, failing, last_error } = recipient;
  const counts = [waiting > 0 ? `${formatCount(waiting)} waiting` : "", parked > 0 ? `${formatCount(parked)} given up` : ""]
    .filter((text) => text !== "")
    .join(", ");
  const say = (text: string, fix: string | null) =>
    line("recipients", id, name, counts === "" ? text : `${text}, ${counts}`, fix);
  if (!enabled) return say("off", null);
  if (failing)
    return say(`failing: ${last_error?.message ?? "no reason is told"}`, "Test it in Settings, and see the other side.");
  return say("well", parked > 0 ? "Send again or drop what was given up." : null);
}

/** Less is no lag: records come in batches. */
const LAG_MS = 60_000;

export function sinkLine({ id, name, state, lag_ms, lost, parked, error, advice }: SinkHealth): OutwardLine {
  const counts = [
    lag_ms > LAG_MS ? `${formatDuration(lag_ms)} behind` : "",
    parked > 0 ? `${formatCount(parked)} parked` : "",
    lost > 0 ? `up to ${formatCount(lost)} lost` : "",
  ].filter((text) => text !== "");
  const say = (text: string, fix: string | null) => line("sinks", id, name, [text, ...counts].join(", "), fix);
  switch (state) {
    case "paused":
      return say("paused", null);
    case "starting":
      return say("not begun yet", null);
    case "silent":
      return say("no server hands over to it", advice ?? "See that a server is running that may.");
    case "trouble":
      return say(`failing: ${error ?? "no reason is told"}`, advice ?? "See the other side's own log.");
    case "running":
      if (lag_ms > LAG_MS)
        return say("hands over", advice ?? "It takes less than comes: narrow its filter, or make the other side faster.");
      return say("hands over", parked > 0 ? (advice ?? "Send again or drop what is parked.") : advice);
  }
}
