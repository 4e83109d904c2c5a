/** `docs/reference/filter.md`: the fields of the filter language. */
import { FILTER_FIELDS, type Field, filterOperators } from "@flowtrail/model";
import { code, page, table } from "./markdown.ts";

const VALUES: Readonly<Record<Exclude<Field["type"], "enum">, string>> = {
  text: "text",
  bool: "`true`, `false`",
  id: "whole number",
  address: "address, range (`10.0.0.0/8`)",
  protocol: "name (`tcp`) or number",
  port: "number or service (`https`)",
  number: "whole number",
  count: "whole number",
  size: "bytes: `1500`, `64KiB`, `1.5MiB`",
  duration: "`500ms`, `30s`, `5m`, `1h30m`",
};

export function filterPage(): string {
  const rows = FILTER_FIELDS.map((field) => [
    code(field.name),
    field.aliases.map(code).join(", "),
    field.type === "enum" ? field.values.map(code).join(", ") : VALUES[field.type],
    filterOperators(field).map(code).join(" "),
    field.optional ? "yes" : "",
    field.meaning,
  ]);
  return page(
    "Fields of the filter language",
    "`packages/model/src/filter/fields.ts`",
    "[How to filter](../how-to/filter.md) says how they are put together.",
    "**null**: a flow may be without a value; `field=null` finds those.",
    table(["field", "also", "values", "operators", "null", "meaning"], rows),
  );
}
