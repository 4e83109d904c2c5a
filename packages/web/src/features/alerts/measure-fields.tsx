import type { AlertThreshold } from "@flowtrail/model";
import { NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { fieldLabel } from "../../lib/filter-text.ts";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import { DIMENSIONS } from "../analyze/fields.ts";
import { Choice, Field } from "../settings/fields.tsx";
import { Check } from "./check.tsx";
import type { MeasureKind, RuleFieldsProps } from "./rule-fields.tsx";

const MEASURES: readonly { readonly value: MeasureKind; readonly label: string }[] = [
  { value: "connections", label: "Connections" },
  { value: "reports", label: "Reports" },
  { value: "bytes", label: "Bytes" },
  { value: "packets", label: "Packets" },
  { value: "rate", label: "Bytes per second" },
  { value: "distinct", label: "Different values of a field" },
  { value: "share", label: "Share of connections" },
  { value: "absence", label: "Nothing at all (absence)" },
];
const THRESHOLDS: readonly { readonly value: AlertThreshold["kind"]; readonly label: string }[] = [
  { value: "above", label: "more than" },
  { value: "below", label: "less than" },
  { value: "baseline", label: "more than usual" },
];
const FIELDS = DIMENSIONS.map(({ field, label }) => ({ value: field, label: `${label} (${field})` }));

/** What is measured, of whom, and from when on it is too much. */
export function MeasureFields({ form, mistakes, onChange }: RuleFieldsProps) {
  const number = (name: "value" | "weeks" | "factor" | "least" | "least_connections", label: string, about?: string) => (
    <Field
      label={label}
      about={about}
      value={form[name]}
      mistake={mistakes[name]}
      onChange={(text) => onChange({ [name]: text })}
    />
  );
  return (
    <>
      <div className="rule-pair">
        <Choice<MeasureKind>
          label="Measure"
          value={form.measure}
          options={MEASURES}
          onChange={(measure) => onChange({ measure })}
        />
        {form.measure === "distinct" && (
          <Choice label="Of" value={form.of} options={withOwn(form.of)} onChange={(of) => onChange({ of })} />
        )}
        {form.measure === "share" && number("least_connections", "Connections at least", "A share of few says little.")}
      </div>
      {form.measure === "share" && (
        <fieldset className="rule-checks">
          <legend>Of them</legend>
          {Object.entries(VERDICT_LABELS).map(([verdict, label]) => (
            <Check
              key={verdict}
              label={label}
              checked={form.verdicts.includes(verdict)}
              onChange={(on) =>
                onChange({ verdicts: on ? [...form.verdicts, verdict] : form.verdicts.filter((one) => one !== verdict) })
              }
            />
          ))}
          {mistakes.verdicts !== undefined && <p className="settings-mistake">{mistakes.verdicts}</p>}
        </fieldset>
      )}
      <By by={form.by} mistake={mistakes.by} onChange={(by) => onChange({ by })} />
      {form.measure !== "absence" && (
        <div className="rule-pair">
          <Choice<AlertThreshold["kind"]>
            label="Limit"
            value={form.threshold}
            options={THRESHOLDS}
            onChange={(threshold) => onChange({ threshold })}
          />
          {form.threshold !== "baseline" && number("value", "Value", VALUE_HINTS[form.measure])}
          {form.threshold === "baseline" && (
            <>
              {number("factor", "Times", "3: three times as much.")}
              {number("weeks", "Weeks before", "The same time in each of them.")}
              {number("least", "And at least", VALUE_HINTS[form.measure])}
            </>
          )}
        </div>
      )}
    </>
  );
}

const VALUE_HINTS: Readonly<Partial<Record<MeasureKind, string>>> = {
  bytes: "With its unit: 500 MiB.",
  rate: "In a second: 10 MiB.",
  share: "Of 100: 40 %.",
};

/** A field that can't be grouped by elsewhere may stand in a rule all the same. */
function withOwn(field: string) {
  return FIELDS.some(({ value }) => value === field) ? FIELDS : [{ value: field, label: field }, ...FIELDS];
}

interface ByProps {
  readonly by: readonly string[];
  readonly mistake: string | undefined;
  onChange(by: readonly string[]): void;
}

const MOST = 3;

/** Each group is an alert of its own. */
function By({ by, mistake, onChange }: ByProps) {
  const more = DIMENSIONS.filter(({ field }) => !by.includes(field));
  return (
    <fieldset className="rule-checks">
      <legend>For each</legend>
      {by.map((field) => (
        <span key={field} className="rule-by">
          {fieldLabel(field)}
          <button
            type="button"
            className="query-bar-button"
            aria-label={`Without ${fieldLabel(field)}`}
            onClick={() => onChange(by.filter((one) => one !== field))}
          >
            <IconX size={14} stroke={1.8} aria-hidden />
          </button>
        </span>
      ))}
      {by.length < MOST && (
        <NativeSelect
          size="xs"
          aria-label="For each: add a field"
          value=""
          data={[
            { value: "", label: by.length === 0 ? "All together" : "Add…" },
            ...more.map(({ field, label }) => ({ value: field, label })),
          ]}
          onChange={(event) => event.currentTarget.value !== "" && onChange([...by, event.currentTarget.value])}
        />
      )}
      {mistake !== undefined && <p className="settings-mistake">{mistake}</p>}
    </fieldset>
  );
}
