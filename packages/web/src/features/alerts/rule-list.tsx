import { type AlertRuleReport, formatCount, formatDuration } from "@flowtrail/model";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { saveRule } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { NEW, usePlace } from "./alerts-url.ts";
import { RuleFiles } from "./rule-files.tsx";
import { bodyOf } from "./rule-form.ts";
import { ruleSentence } from "./rule-words.ts";
import { SeverityTag } from "./severity.tsx";
import { ALERTS_KEY, useLastFired } from "./use-alerts.ts";

/** Every rule with how it does: those that could not be asked stand first. */
export function RuleList({ rules }: { rules: readonly AlertRuleReport[] }) {
  const { maySet } = useMe();
  const { paramsOf } = usePlace();
  const client = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const toggle = async (rule: AlertRuleReport, enabled: boolean) => {
    setProblem(null);
    try {
      await saveRule({ ...bodyOf(rule), enabled });
    } catch (error) {
      setProblem(`${rule.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
  };
  const sorted = [...rules].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return (
    <>
      <div className="rules-head">
        <p className="alert-dim">
          {formatCount(rules.filter(({ enabled }) => enabled).length)} of {formatCount(rules.length)} are on. Each is looked at
          every 30 seconds or more often.
        </p>
        <RuleFiles />
        {maySet && (
          <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "rules", rule: NEW })} className="rules-new">
            New rule
          </PageLink>
        )}
      </div>
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      <ul className="rule-list" aria-label="Rules">
        {sorted.map((rule) => (
          <RuleRow key={rule.id} rule={rule} maySet={maySet} onToggle={(on) => void toggle(rule, on)} />
        ))}
      </ul>
    </>
  );
}

const rank = ({ status }: AlertRuleReport) => (status.state === "failing" || status.state === "stopped" ? 0 : 1);

function RuleRow({ rule, maySet, onToggle }: { rule: AlertRuleReport; maySet: boolean; onToggle(on: boolean): void }) {
  const { paramsOf } = usePlace();
  const clock = useClock();
  const { status, origin } = rule;
  const lastFired = useLastFired().get(rule.id);
  return (
    <li className={`rule-row${rule.enabled ? "" : " rule-row-off"}`}>
      <input
        type="checkbox"
        role="switch"
        aria-label={rule.name}
        aria-checked={rule.enabled}
        checked={rule.enabled}
        disabled={!maySet || origin === "file"}
        onChange={(event) => onToggle(event.currentTarget.checked)}
      />
      <div className="rule-what">
        <span>
          <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "rules", rule: rule.id })} className="rule-name">
            {rule.name}
          </PageLink>
          {ORIGINS[origin] !== "" && <span className="rule-origin">{ORIGINS[origin]}</span>}
        </span>
        <span className="rule-sentence">{ruleSentence(rule)}</span>
        {status.error !== null && (
          <span className="rule-failing">
            {status.state === "stopped" ? "Stopped after failing again and again" : "Could not be asked"}: {status.error}
          </span>
        )}
        {status.notes.map((note) => (
          <span key={note} className="alert-dim">
            {note}
          </span>
        ))}
      </div>
      <SeverityTag severity={rule.severity} />
      <div className="rule-numbers">
        {status.open > 0 ? (
          <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "open", rule: rule.id })}>
            {formatCount(status.open)} not over
          </PageLink>
        ) : (
          <span>{lastFired === undefined ? "not fired lately" : `last ${clock.dayAndTime(lastFired)}`}</span>
        )}
        <span
          className="alert-dim"
          title={status.evaluated === null ? undefined : `Looked ${clock.exact(Date.parse(status.evaluated))}`}
        >
          {status.evaluated === null
            ? STATES[status.state]
            : `${formatCount(status.rows_read)} rows, ${formatDuration(status.ms)} a look`}
        </span>
      </div>
    </li>
  );
}

const ORIGINS = { shipped: "", changed: "changed here", own: "own", file: "from the rules file" } as const;
const STATES = { ok: "", waiting: "not looked at yet", failing: "", stopped: "", off: "off" } as const;
