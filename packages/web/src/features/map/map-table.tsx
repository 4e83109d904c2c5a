import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCheck, IconCopy, IconDownload } from "@tabler/icons-react";
import { memo, startTransition, useEffect, useMemo, useState } from "react";
import { type Asked, writeAsked } from "../../lib/asked.ts";
import { saveCsv } from "../../lib/csv.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { useCopy } from "../../lib/use-copy.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { ParticipantIcon } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { Sort, SortBy } from "./choices.ts";
import { askForEdge } from "./ends.ts";
import type { MapNode } from "./graph.ts";
import { csvOf, nextSort, type PairRow, rowsOf, tabbedOf } from "./table-rows.ts";
import type { AnsweredMap } from "./use-map.ts";
import { exactly, pairs, shortly, together } from "./words.ts";
import "./map-table.css";

export interface MapTableProps {
  readonly answered: AnsweredMap;
  readonly sort: Sort | null;
  onSort(sort: Sort): void;
}

const COLUMNS: readonly { readonly by: SortBy; readonly label: string; readonly title?: string }[] = [
  { by: "from", label: "Source" },
  { by: "to", label: "Destination" },
  { by: "bytes", label: "Bytes" },
  { by: "connections", label: "Connections", title: "That began in this time range" },
];
const METRICS = ["bytes", "connections"] as const;
const STEP_ROWS = 40;
const ICON = { size: 14, stroke: 1.8, "aria-hidden": true } as const;

/** The map in numbers: a row for each line, and one for all that is not drawn. */
export function MapTable({ answered: { graph, metric }, sort, onSort }: MapTableProps) {
  const rows = useMemo(() => rowsOf(graph, metric, sort), [graph, metric, sort]);
  const { asked } = useAsked();
  const shown = useGrowing(rows.length);
  const { copied, copy } = useCopy();
  const now = sort ?? { by: metric, down: true };
  return (
    <div className="map-table-room">
      <div className="map-table-bar">
        <span>{pairs(rows.length)}</span>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={copied ? <IconCheck {...ICON} /> : <IconCopy {...ICON} />}
          onClick={() => copy(tabbedOf(rows))}
        >
          {copied ? "Copied" : "Copy"}
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<IconDownload {...ICON} />}
          onClick={() => saveCsv("flowtrail-map.csv", csvOf(rows))}
        >
          Download CSV
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="map-table" tabIndex={0} aria-label="Who talks to whom, as a table">
        <table>
          <colgroup>
            <col />
            <col />
            <col className="map-table-number" />
            <col className="map-table-number" />
            <col className="map-table-link" />
          </colgroup>
          <thead>
            <tr>
              {COLUMNS.map(({ by, label, title }) => (
                <th key={by} scope="col" aria-sort={now.by !== by ? "none" : now.down ? "descending" : "ascending"}>
                  <button type="button" title={title} onClick={() => onSort(nextSort(now, by))}>
                    {label}
                    {now.by === by && (now.down ? <IconArrowDown {...ICON} /> : <IconArrowUp {...ICON} />)}
                  </button>
                </th>
              ))}
              <th scope="col">Rows</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row) => (
              <Row key={row.edge.id} row={row} asked={asked} />
            ))}
          </tbody>
          <tfoot>
            {graph.cut > 0 && (
              <tr>
                <th scope="row" colSpan={2}>
                  Other ({pairs(graph.cut)})
                </th>
                {METRICS.map((which) => (
                  <td key={which} title={exactly(graph.other[which], which)}>
                    {shortly(graph.other[which], which)}
                  </td>
                ))}
                <td />
              </tr>
            )}
            <tr>
              <th scope="row" colSpan={2}>
                Together
              </th>
              {METRICS.map((which) => (
                <td key={which} title={exactly(together(graph, which), which)}>
                  {shortly(together(graph, which), which)}
                </td>
              ))}
              <td />
            </tr>
          </tfoot>
        </table>
      </section>
    </div>
  );
}

/** Apart, so that the page answers between one row and the next. */
const Row = memo(function Row({ row: { edge, from, to }, asked }: { row: PairRow; asked: Asked }) {
  return (
    <tr>
      <td>
        <End node={from} />
      </td>
      <td>
        <End node={to} />
      </td>
      {METRICS.map((which) => (
        <td key={which} title={exactly(edge[which], which)}>
          {shortly(edge[which], which)}
        </td>
      ))}
      <td>
        <PageLink
          path={TRAFFIC_LOGS_PATH}
          params={writeAsked({ ...asked, q: askForEdge(asked.q, edge.filter) })}
          aria-label={`View in Traffic Logs: ${from.label} to ${to.label}`}
        >
          View
        </PageLink>
      </td>
    </tr>
  );
});

/** How many rows are there by now: a few hundred at once would hold the page up. */
function useGrowing(count: number): number {
  const [shown, setShown] = useState(STEP_ROWS);
  useEffect(() => {
    if (shown < count) startTransition(() => setShown(shown + STEP_ROWS));
  }, [shown, count]);
  return shown;
}

function End({ node }: { node: MapNode }) {
  return (
    <span className="map-table-end">
      <ParticipantIcon type={node.type} />
      <FieldValue field={node.field} value={node.value} entity={node.entity} title={node.label}>
        {node.label}
      </FieldValue>
    </span>
  );
}
