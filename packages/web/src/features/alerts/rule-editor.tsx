/** One rule: what it looks for, said in words as it is written, tried on the past, and saved. */
import type { AlertRule, AlertRuleReport } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { deleteRule, saveRule } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { Confirm } from "../settings/confirm.tsx";
import { Choice, Fields } from "../settings/fields.tsx";
import { ReviewBar } from "../settings/review-bar.tsx";
import { useChange } from "../settings/use-change.ts";
import { usePlace } from "./alerts-url.ts";
import { ruleEffect } from "./rule-effect.ts";
import { RuleFields } from "./rule-fields.tsx";
import { bodyOf, formOf, type ReadRule, type RuleForm, readForm } from "./rule-form.ts";
import { ruleSentence } from "./rule-words.ts";
import { TestView } from "./test-view.tsx";
import { ALERTS_KEY } from "./use-alerts.ts";
import { useRuleTest } from "./use-rule-test.ts";

const TITLE = "rule-title";
const LIST = "";
const DAYS = [
  { value: "1", label: "24 hours" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
] as const;

export interface RuleEditorProps {
  /** Null: it is a new one, begun so. */
  readonly known: AlertRuleReport | null;
  readonly begun: RuleForm | null;
  /** Ids that there are. */
  readonly taken: readonly string[];
}

export function RuleEditor({ known, begun, taken }: RuleEditorProps) {
  const { maySet } = useMe();
  const { go, paramsOf } = usePlace();
  const client = useQueryClient();
  const [start, setStart] = useState<RuleForm>(() => (known === null ? (begun as RuleForm) : formOf(known)));
  const [form, setForm] = useState(start);
  const before = useMemo(() => (known === null ? null : bodyOf(known)), [known]);
  const { rule, mistakes } = useMemo(
    () => withTaken(readForm(form, before), before === null ? taken : []),
    [form, before, taken],
  );
  /** What it does does not depend on what it is called. */
  const shown = useMemo(() => readForm({ ...form, name: form.name || "New rule" }, before).rule, [form, before]);
  const isDirty = form !== start;
  /** A new one is saved or given up: its id, or the list. */
  const [leaving, setLeaving] = useState<string | null>(null);
  const mayChange = maySet && known?.origin !== "file";
  const { test, start: run, stop } = useRuleTest();
  const [days, setDays] = useState<string>("7");
  const flow = useChange({
    title: TITLE,
    preview: async () => (rule === null ? [] : ruleEffect(before, rule)),
    save: async () => {
      if (rule === null) return "Nothing was saved.";
      await saveRule(rule);
      await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
      return `“${rule.name}” is saved.`;
    },
    done: () => {
      setStart(form);
      if (known === null && rule !== null) setLeaving(rule.id);
    },
  });
  // Once nothing is to be lost any more: else it would be asked for.
  const leave = useEffectEvent((to: string) => go({ tab: "rules", ...(to !== LIST && { rule: to }) }, { replace: to !== LIST }));
  useEffect(() => {
    if (leaving !== null) leave(leaving);
  }, [leaving]);
  const change = (part: Partial<RuleForm>) => {
    setForm({ ...form, ...part });
    flow.edited();
  };
  const discard = () => {
    setForm(start);
    flow.edited();
  };
  const remove = async () => {
    if (known === null) return;
    await deleteRule(known.id);
    await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
    go({ tab: "rules" });
  };
  return (
    <div className="rule-editor">
      <header>
        <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "rules" })} className="rule-back">
          Rules
        </PageLink>
        <h2 id={TITLE} tabIndex={-1}>
          {known?.name ?? "New rule"}
        </h2>
        {known !== null && mayChange && known.origin !== "shipped" && (
          <Confirm
            label={known.shipped ? "Back to how it came" : "Delete"}
            of={known.name}
            warning={known.shipped ? "What was changed of it is lost." : "It is gone; alerts that it found stay in the history."}
            keep="Keep"
            work={remove}
          />
        )}
      </header>
      <div className="rule-fields">
        {known !== null && (
          <div className="rule-explained">
            {known.explanation.split(/\n+/).map((text) => (
              <p key={text}>{text}</p>
            ))}
          </div>
        )}
        {known?.origin === "file" && (
          <p className="settings-read-only">It stands in the server's rules file, and is changed there.</p>
        )}
        {maySet ? null : <p className="settings-read-only">Only an administrator can change rules.</p>}
        <fieldset className="settings-frozen" disabled={!mayChange}>
          <Fields flow={flow}>
            <RuleFields form={form} mistakes={mistakes} onChange={change} />
          </Fields>
        </fieldset>
        {mayChange && (
          <ReviewBar
            flow={flow}
            isDirty={leaving === null && (isDirty || known === null)}
            isWrong={rule === null}
            titleId={TITLE}
            onDiscard={known === null ? () => setLeaving(LIST) : discard}
          />
        )}
      </div>
      <aside className="rule-beside" aria-label="What it does">
        <p className="rule-said" aria-live="polite">
          {shown === null ? "Not complete yet: see what is marked." : ruleSentence(shown)}
        </p>
        <div className="rule-test-start">
          <Choice label="Test on the last" value={days} options={DAYS} onChange={setDays} />
          <Button
            size="sm"
            variant="default"
            disabled={shown === null}
            loading={test?.isRunning === true}
            onClick={() => shown !== null && void run(shown, Number(days))}
          >
            Test on history
          </Button>
        </div>
        {test !== null && <TestView test={test} onStop={stop} />}
      </aside>
    </div>
  );
}

/** A new rule must not take the place of another one. */
function withTaken(read: ReadRule, taken: readonly string[]): ReadRule {
  const { rule, mistakes } = read;
  if (rule === null || !taken.includes((rule as AlertRule).id)) return read;
  return { rule: null, mistakes: { ...mistakes, name: "There is a rule of that name." } };
}
