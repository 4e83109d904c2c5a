import { ALERT_SEVERITIES, type AlertMeasure } from "@flowtrail/model";
import { Choice, Field, Switch } from "../settings/fields.tsx";
import { MeasureFields } from "./measure-fields.tsx";
import { QueryInput } from "./query-input.tsx";
import { RecipientChecks } from "./recipient-checks.tsx";
import { isSeverity, type ReadRule, type RuleForm } from "./rule-form.ts";
import { settingLabel } from "./rule-settings.ts";
import { SEVERITY_LABELS } from "./severity.tsx";

export interface RuleFieldsProps {
  readonly form: RuleForm;
  readonly mistakes: ReadRule["mistakes"];
  onChange(change: Partial<RuleForm>): void;
}

export type MeasureKind = AlertMeasure["kind"];

export function RuleFields({ form, mistakes, onChange }: RuleFieldsProps) {
  const text = (name: "name" | "window" | "for" | "clear" | "mitre", label: string, about: string, placeholder = "") => (
    <Field
      label={label}
      about={about}
      placeholder={placeholder}
      value={form[name]}
      mistake={name === "name" && form.name === "" ? undefined : mistakes[name]}
      onChange={(value) => onChange({ [name]: value })}
    />
  );
  return (
    <>
      <Switch label="On" checked={form.enabled} onChange={(enabled) => onChange({ enabled })} />
      {text("name", "Name", "", "Many failed connections")}
      <div className="rule-query">
        <span aria-hidden>Filter</span>
        <QueryInput text={form.q} onText={(q) => onChange({ q })} />
        {mistakes.q !== undefined && <p className="settings-mistake">{mistakes.q}</p>}
        <p className="settings-about">Which flows it looks at, in the filter language. Empty: all.</p>
      </div>
      {form.watch === "measure" ? (
        <MeasureFields form={form} mistakes={mistakes} onChange={onChange} />
      ) : (
        <div className="rule-pair">
          {Object.entries(form.settings).map(([name, value]) => (
            <Field
              key={name}
              label={settingLabel(name)}
              value={value}
              mistake={mistakes[`settings.${name}`]}
              onChange={(next) => onChange({ settings: { ...form.settings, [name]: next } })}
            />
          ))}
        </div>
      )}
      <div className="rule-pair">
        {text("window", "Within", "5m, 1h: what each look looks at.")}
        {text("for", "Has to hold for", "Before it is an alert. 0s: at once.")}
        {text("clear", "Gone for", "Before it is over.")}
      </div>
      <div className="rule-pair">
        <Choice
          label="Severity"
          value={form.severity}
          options={ALERT_SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
          onChange={(severity) => isSeverity(severity) && onChange({ severity })}
        />
        {text("mitre", "MITRE ATT&CK", "Technique ids, with commas. It may be empty.", "T1046")}
      </div>
      <RecipientChecks chosen={form.recipients} onChange={(recipients) => onChange({ recipients })} />
      <Field
        label="Explanation"
        about="What it finds, why that matters, what to do first: whoever is woken by it reads this."
        lines={5}
        value={form.explanation}
        onChange={(explanation) => onChange({ explanation })}
      />
    </>
  );
}
