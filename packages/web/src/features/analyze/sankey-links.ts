/** Groups of several fields → who stands beside whom, column by column. */
import { groupLabel } from "../../lib/group-value.ts";
import type { AnalyzeAnswer } from "../../lib/types-analyze.ts";
import { OTHER_COLOR, seriesColors } from "../../ui/charts/colors.ts";
import type { SankeyLinkIn, SankeyNodeIn } from "../../ui/charts/sankey.tsx";
import { add } from "../../ui/charts/series.ts";

/** By whom rows are asked for: fields and their groups. */
export interface Ends {
  readonly fields: readonly string[];
  readonly by: readonly (string | null)[];
}

export interface SankeyData {
  readonly nodes: readonly (SankeyNodeIn & { readonly ends: Ends })[];
  readonly links: readonly (SankeyLinkIn & { readonly ends: Ends })[];
}

/** Each group is a way through all columns. What the others have is none of it: it would leave no room for the rest. */
export function sankeyLinks(rows: AnalyzeAnswer["rows"], fields: readonly string[]): SankeyData {
  const nodes = new Map<string, SankeyData["nodes"][number]>();
  const links = new Map<string, SankeyData["links"][number]>();
  for (const { by, value } of rows.filter((row) => Number(row.value) > 0)) {
    const idAt = (column: number) => `${column}:${JSON.stringify(by[column] ?? null)}`;
    for (const [column, field] of fields.entries()) {
      const id = idAt(column);
      const group = by[column] ?? null;
      const all = add([nodes.get(id)?.value ?? 0, value]);
      const ends = { fields: [field], by: [group] };
      nodes.set(id, { id, column, label: groupLabel(field, group), color: OTHER_COLOR, ends, value: all });
      if (column === 0) continue;
      const source = idAt(column - 1);
      const key = `${source} ${id}`;
      const both = { fields: [fields[column - 1] ?? "", field], by: [by[column - 1] ?? null, group] };
      links.set(key, { source, target: id, ends: both, value: add([links.get(key)?.value ?? 0, value]) });
    }
  }
  return { nodes: coloured([...nodes.values()], fields), links: [...links.values()] };
}

function coloured(nodes: SankeyData["nodes"], fields: readonly string[]): SankeyData["nodes"] {
  const colors = new Map<string, string>();
  for (const [column, field] of fields.entries()) {
    const own = nodes.filter((node) => node.column === column);
    const values = own.map(({ ends }) => ends.by[0] ?? null);
    for (const [i, color] of seriesColors(field, values).entries()) colors.set(own[i]?.id ?? "", color);
  }
  return nodes.map((node) => ({ ...node, color: colors.get(node.id) ?? OTHER_COLOR }));
}
