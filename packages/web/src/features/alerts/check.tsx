export interface CheckProps {
  readonly label: string;
  readonly checked: boolean;
  onChange(checked: boolean): void;
}

/** One of several that may be chosen together. */
export function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="rule-check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} /> {label}
    </label>
  );
}
