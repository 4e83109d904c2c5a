import type { Reports, TableItem } from "./items.ts";
import { Row } from "./row.tsx";
import type { TableProps } from "./table.tsx";
import type { ReportCounts } from "./use-report-counts.ts";

/** How long a row that came in live is marked as new. */
const FRESH_MS = 1500;

interface BodyProps extends Pick<TableProps, "layout" | "view" | "withDay" | "activeKey" | "openKey"> {
  /** Those on the screen. */
  readonly items: readonly TableItem[];
  /** The number of the first one, and how many there are in all. */
  readonly from: number;
  readonly count: number;
  readonly counts: ReportCounts;
  readonly reports: ReadonlyMap<string, Reports>;
  onToggle(key: string): void;
}

export function Body({ items, from, count, layout, view, withDay, activeKey, openKey, counts, reports, onToggle }: BodyProps) {
  const now = Date.now();
  return (
    <tbody className="log-rows" style={{ height: count * layout.density }}>
      {items.map((item, i) => {
        const index = from + i;
        const top = index * layout.density;
        if (item.kind === "note")
          return <Note key={item.key} text={item.text} top={top} index={index} columns={layout.columns.length} />;
        const isReport = item.kind === "report";
        const flow = isReport ? item.flow : item.entry.flow;
        const seen = counts.get(item.key);
        const expanded = reports.has(item.key);
        const arrivedMs = isReport ? null : item.entry.arrivedMs;
        return (
          <Row
            key={item.key}
            itemKey={item.key}
            flow={flow}
            columns={layout.columns}
            index={index}
            top={top}
            view={view}
            withDay={withDay}
            active={item.key === activeKey}
            open={item.key === openKey}
            fresh={arrivedMs !== null && now - arrivedMs < FRESH_MS}
            isReport={isReport}
            reports={
              !isReport && view === "merged" && (seen === null || (seen ?? 1) > 1 || expanded)
                ? { count: shownCount(seen ?? null, reports.get(item.key)), expanded }
                : undefined
            }
            onToggle={onToggle}
          />
        );
      })}
    </tbody>
  );
}

function shownCount(seen: number | null, reports: Reports | undefined): number | null {
  return typeof reports === "object" && reports !== null ? reports.length : seen;
}

function Note({ text, top, index, columns }: { text: string; top: number; index: number; columns: number }) {
  return (
    <tr className="log-row log-report log-note" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <td colSpan={columns}>{text}</td>
    </tr>
  );
}
