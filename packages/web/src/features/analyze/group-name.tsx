import { groupLabel, groupValue } from "../../lib/group-value.ts";
import { FieldValue } from "../../ui/value-menu.tsx";

/** A value of one field with its menu; several high ports are none that could be asked for. */
export function OneName({ field, group }: { field: string; group: string | null }) {
  const value = groupValue(field, group);
  const label = groupLabel(field, group);
  if (value === undefined) return label;
  return (
    <FieldValue field={field} value={value} title={label}>
      {label}
    </FieldValue>
  );
}

/** The values of a group, each with its menu. */
export function GroupName({ fields, by }: { fields: readonly string[]; by: readonly (string | null)[] }) {
  return fields.map((field, i) => (
    <span key={field}>
      {i > 0 && " · "}
      <OneName field={field} group={by[i] ?? null} />
    </span>
  ));
}
