/** Groups of several fields → who stands beside whom, column by column. */
import { groupLabel } from "../../lib/group-value.ts";
import type { AnalyzeAnswer } from "../../lib/types-analyze.ts";
import { OTHER_COLOR, seriesColors } from "../../ui/charts/colors.ts";
import type { SankeyLinkIn, SankeyNodeIn } from "../../ui/charts/sankey.tsx";
import { type Amount, add } from "../../ui/charts/series.ts";

/** By whom rows are asked for: fields and their groups. Null: all that are not told. */
export interface Ends {
  readonly fields: readonly string[];
  readonly by: readonly (string | null)[];
}

export interface SankeyData {
  readonly nodes: readonly (SankeyNodeIn & { readonly ends: Ends | null })[];
  readonly links: readonly (SankeyLinkIn & { readonly ends: Ends | null })[];
}

interface Path {
  /** Null: all that are not told. */
  readonly by: readonly (string | null)[] | null;
  readonly value: Amount;
}

/** Each group is a way through all columns; what the others have goes through one place in each. */
export function sankeyLinks({ rows, other }: Pick<AnalyzeAnswer, "rows" | "other">, fields: readonly string[]): SankeyData {
  const paths: Path[] = rows.map(({ by, value }) => ({ by, value }));
  if (other.groups > 0) paths.push({ by: null, value: other.value });
  const nodes = new Map<string, SankeyData["nodes"][number]>();
  const links = new Map<string, SankeyData["links"][number]>();
  for (const { by, value } of paths.filter((path) => Number(path.value) > 0)) {
    const idAt = (column: number) => `${column}:${by === null ? "other" : JSON.stringify(by[column] ?? null)}`;
    for (const [column, field] of fields.entries()) {
      const id = idAt(column);
      const group = by?.[column] ?? null;
      const known = nodes.get(id);
      const label = by === null ? "Other" : groupLabel(field, group);
      const ends = by === null ? null : { fields: [field], by: [group] };
      nodes.set(id, { id, column, label, color: OTHER_COLOR, ends, value: add([known?.value ?? 0, value]) });
      if (column === 0) continue;
      const source = idAt(column - 1);
      const key = `${source} ${id}`;
      const both =
        by === null ? null : { fields: [fields[column - 1] ?? "", field], by: [by[column - 1] ?? null, by[column] ?? null] };
      links.set(key, { source, target: id, ends: both, value: add([links.get(key)?.value ?? 0, value]) });
    }
  }
  return { nodes: coloured([...nodes.values()], fields), links: [...links.values()] };
}

function coloured(nodes: SankeyData["nodes"], fields: readonly string[]): SankeyData["nodes"] {
  const colors = new Map<string, string>();
  for (const [column, field] of fields.entries()) {
    const own = nodes.filter((node) => node.column === column && node.ends !== null);
    const values = own.map(({ ends }) => ends?.by[0] ?? null);
    for (const [i, color] of seriesColors(field, values).entries()) colors.set(own[i]?.id ?? "", color);
  }
  return nodes.map((node) => ({ ...node, color: colors.get(node.id) ?? OTHER_COLOR }));
}
