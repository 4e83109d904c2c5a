import { useMemo } from "react";
import { fieldLabel } from "../../lib/filter-text.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import type { AnalyzeAnswer } from "../../lib/types-analyze.ts";
import { hrefOf } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { Sankey } from "../../ui/charts/sankey.tsx";
import { formatExact } from "../../ui/charts/units.ts";
import { openRows, rowsParams } from "./open-rows.ts";
import type { Question } from "./question.ts";
import { queryOfGroup } from "./rows-behind.ts";
import { type Ends, sankeyLinks } from "./sankey-links.ts";
import { unitOf } from "./units.ts";
import "../../ui/charts/chart-table.css";

export interface SankeyGraphProps {
  readonly answer: AnalyzeAnswer;
  readonly question: Question;
  readonly label: string;
  readonly asTable: boolean;
}

/** Who stands beside whom, column by column; in numbers as a table of its links. */
export function SankeyGraph({ answer, question, label, asTable }: SankeyGraphProps) {
  const { asked } = useAsked();
  const { by, metric } = question;
  const { nodes, links } = useMemo(() => sankeyLinks(answer.rows, by), [answer, by]);
  const unit = unitOf(metric);
  const paramsOf = ({ fields, by: groups }: Ends) => rowsParams(asked, question, queryOfGroup(asked.q, fields, groups));
  if (by.length < 2) return <p className="analyze-hint">A sankey shows what goes together: choose two dimensions or more.</p>;
  if (asTable) {
    const labels = new Map(nodes.map((node) => [node.id, node.label]));
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      <section className="chart-table" tabIndex={0} aria-label={`${label}, as a table`}>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {links.map(({ source, target, value }) => (
              <tr key={`${source} ${target}`}>
                <th scope="row">{labels.get(source)}</th>
                <td>{labels.get(target)}</td>
                <td>{formatExact(value, unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    );
  }
  return (
    <Sankey
      label={label}
      columns={by.map(fieldLabel)}
      nodes={nodes}
      links={links}
      unit={unit}
      hrefOf={({ ends }) => hrefOf(TRAFFIC_LOGS_PATH, paramsOf(ends))}
      onOpen={({ ends }) => openRows(paramsOf(ends))}
    />
  );
}
