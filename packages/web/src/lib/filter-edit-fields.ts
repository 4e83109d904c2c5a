/** Which fields belong together: the two ends of a flow, and what asks for either of them. */
import { conditionsOf, type Filter, filterField } from "@flowtrail/model";

/** Are all conditions of a part about this field? */
export function isAbout(part: Filter, field: string): boolean {
  const conditions = [...conditionsOf(part)];
  return conditions.length > 0 && conditions.every((condition) => condition.kind !== "text" && condition.field === field);
}

/** `name` for `src.name`: the field that asks for either end; null: there is none. */
export function eitherField(field: string): string | null {
  const end = /^(?:src|dst)\.(ip|port|name|type|domain)$/.exec(field)?.[1];
  if (end !== undefined) return end;
  return ["ip", "port", "name", "type", "domain"].includes(field) ? field : null;
}

/** `dst.name` for `src.name`; null: the field has no end. */
export function otherEnd(field: string): string | null {
  const other = field.replace(/^(nat\.)?(src|dst)\./, (_, nat: string | undefined, end: string) => {
    return `${nat ?? ""}${end === "src" ? "dst" : "src"}.`;
  });
  return other !== field && filterField(other) !== null ? other : null;
}
