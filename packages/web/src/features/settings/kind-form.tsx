import { useId } from "react";
import { Choice, Field, Switch } from "./fields.tsx";
import { isShown, type KindField, type KindTexts } from "./kind-fields.ts";

export interface KindFieldsProps {
  readonly fields: readonly KindField[];
  readonly texts: KindTexts;
  readonly mistakes: Readonly<Record<string, string>>;
  /** Names of secrets that are set. */
  readonly kept: readonly string[];
  onChange(path: string, text: string): void;
}

/** The fields of one kind. */
export function KindFields({ fields, texts, mistakes, kept, onChange }: KindFieldsProps) {
  return fields
    .filter((field) => isShown(field, texts))
    .map((field) => {
      const { path, label, about, placeholder, type, options } = field;
      const common = { label, about, onChange: (text: string) => onChange(path, text) };
      const value = texts[path] ?? "";
      if (type === "switch") {
        return (
          <Switch
            key={path}
            label={label}
            about={about}
            checked={value === "true"}
            onChange={(on) => onChange(path, String(on))}
          />
        );
      }
      if (type === "choice") return <Choice key={path} {...common} value={value} options={options ?? []} />;
      if (type === "secret") {
        return (
          <Secret
            key={path}
            {...common}
            value={value}
            mistake={mistakes[path]}
            isKept={kept.includes(path.replace(/^secrets\./, ""))}
          />
        );
      }
      return (
        <Field
          key={path}
          {...common}
          value={value}
          mistake={mistakes[path]}
          {...(type === "lines" || type === "pairs" ? { lines: type === "pairs" ? 3 : 5 } : {})}
          {...(placeholder !== undefined && { placeholder })}
        />
      );
    });
}

interface SecretProps {
  readonly label: string;
  readonly about: string | undefined;
  readonly value: string;
  readonly mistake: string | undefined;
  readonly isKept: boolean;
  onChange(text: string): void;
}

/** Written, and never shown again. */
function Secret({ label, about, value, mistake, isKept, onChange }: SecretProps) {
  const id = useId();
  const hint = isKept ? "One is set. Empty: it stays." : "It is kept sealed and never shown again.";
  return (
    <div className="settings-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="password"
        className="settings-password"
        autoComplete="new-password"
        placeholder={isKept ? "••••••••" : ""}
        value={value}
        aria-invalid={mistake !== undefined}
        aria-describedby={`${id}-about`}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {mistake !== undefined && <p className="settings-mistake">{mistake}</p>}
      <p id={`${id}-about`} className="settings-about">
        {about} {hint}
      </p>
    </div>
  );
}
