/** The form's parts: a switch, a choice, a number, a text of lines. Each says below what is wrong with it. */
import type { ReactNode } from "react";
import { useId } from "react";
import type { ChangeFlow } from "./use-change.ts";

/** Around the fields of a form: closed while it is being saved. */
export function Fields({ flow, children }: { flow: ChangeFlow; children: ReactNode }) {
  return (
    <fieldset className="settings-fields" disabled={flow.saving}>
      {children}
    </fieldset>
  );
}

export interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly about?: ReactNode;
  onChange(checked: boolean): void;
}

export function Switch({ label, checked, about, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="settings-switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        aria-describedby={about === undefined ? undefined : `${id}-about`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {about !== undefined && (
        <p id={`${id}-about`} className="settings-about">
          {about}
        </p>
      )}
    </div>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  /** Behind the value: days, seconds. */
  readonly unit?: string;
  readonly about?: ReactNode;
  /** Null: nothing is wrong. */
  readonly mistake?: string | null | undefined;
  /** More than a line. */
  readonly lines?: number;
  readonly placeholder?: string;
  onChange(value: string): void;
}

export function Field({ label, value, unit, about, mistake, lines, placeholder, onChange }: FieldProps) {
  const id = useId();
  const isWrong = mistake != null;
  const described = [about === undefined ? "" : `${id}-about`, isWrong ? `${id}-mistake` : ""]
    .filter((one) => one !== "")
    .join(" ");
  const shared = {
    id,
    value,
    placeholder,
    spellCheck: false,
    "aria-invalid": isWrong,
    "aria-describedby": described || undefined,
  };
  return (
    <div className="settings-field">
      <label htmlFor={id}>{label}</label>
      <div className="settings-value">
        {lines === undefined ? (
          <input {...shared} type="text" autoComplete="off" onChange={(event) => onChange(event.currentTarget.value)} />
        ) : (
          <textarea {...shared} rows={lines} onChange={(event) => onChange(event.currentTarget.value)} />
        )}
        {unit !== undefined && <span className="settings-unit">{unit}</span>}
      </div>
      {isWrong && (
        <p id={`${id}-mistake`} className="settings-mistake">
          {mistake}
        </p>
      )}
      {about !== undefined && (
        <p id={`${id}-about`} className="settings-about">
          {about}
        </p>
      )}
    </div>
  );
}

export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly about?: ReactNode;
  onChange(value: T): void;
}

export function Choice<T extends string>({ label, isLabelHidden = false, value, options, about, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className="settings-field">
      <label htmlFor={id} className={isLabelHidden ? "visually-hidden" : undefined}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {about !== undefined && <p className="settings-about">{about}</p>}
    </div>
  );
}
