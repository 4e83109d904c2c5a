/** `docs/reference/columns.md`: what a flow is, column by column. */
import { COLUMN_LIST, type Column } from "@flowtrail/model";
import { code, page, table } from "./markdown.ts";

const BY: Readonly<Record<Column["by"], string>> = {
  agent: "agent",
  server: "server",
  both: "agent, server",
  wire: "agent; not stored",
};

export function columnsPage(): string {
  const yes = (is: true | undefined): string => (is ? "yes" : "");
  const rows = COLUMN_LIST.map((column) => [
    code(column.name),
    column.values ? `one of ${column.values.map(code).join(", ")}` : column.type,
    column.unit ?? "",
    BY[column.by],
    yes(column.optional),
    yes(column.required),
    yes(column.filterable),
    column.label,
    column.tooltip,
  ]);
  return page(
    "Columns",
    "`packages/model/src/columns.ts`",
    "Every column of a flow. [How to read a row](../how-to/read-a-row.md) says what they mean together.",
    [
      "- `u8` … `u64`: whole numbers of that many bits. In JSON, `flow_id` is a text, and so is a counter above 2^53.",
      "- `time`: a point in time to the millisecond, UTC.",
      "- `address`: IPv4 or IPv6.",
      "- **null**: may be empty, and empty means unknown or does not apply, never zero.",
      "- **needed**: whoever sends flows must give it.",
      "- **filter**: `GET /api/flows?name=value` takes it.",
    ].join("\n"),
    table(["name", "type", "unit", "filled by", "null", "needed", "filter", "label", "meaning"], rows),
  );
}
