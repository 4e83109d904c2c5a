import type { FlowJson } from "@flowtrail/model";
import { memo } from "react";
import type { PlacedColumn } from "../columns/layout.ts";
import type { ReportsView } from "../query.ts";
import { Expander } from "./expander.tsx";

export interface RowProps {
  /** Of the item, not of the element. */
  readonly itemKey: string;
  readonly flow: FlowJson;
  readonly columns: readonly PlacedColumn[];
  readonly index: number;
  readonly top: number;
  readonly view: ReportsView;
  readonly withDay: boolean;
  readonly active: boolean;
  readonly open: boolean;
  /** It came in live a moment ago. */
  readonly fresh: boolean;
  /** One report under the row of its connection. */
  readonly isReport: boolean;
  /** Reports of its connection, where there are several, or may be (null). */
  readonly reports?: { readonly count: number | null; readonly expanded: boolean } | undefined;
  onToggle(key: string): void;
}

export function rowId(key: string): string {
  return `row-${key}`;
}

/** Where a row stands changes with every row that comes in above it; what it says does not. */
export function Row({ itemKey, index, top, active, open, fresh, isReport, reports, ...cells }: RowProps) {
  const marks = [fresh && "fresh", active && "active", open && "chosen", isReport && "log-report"].filter(Boolean);
  return (
    <tr
      id={rowId(itemKey)}
      className={["log-line log-row", ...marks].join(" ")}
      aria-rowindex={index + 2}
      aria-selected={open}
      tabIndex={-1}
      style={{ transform: `translateY(${top}px)` }}
    >
      <Cells
        {...cells}
        flowKey={itemKey}
        count={reports === undefined ? 0 : reports.count}
        expanded={reports?.expanded ?? false}
      />
    </tr>
  );
}

interface CellsProps extends Pick<RowProps, "flow" | "columns" | "view" | "withDay" | "onToggle"> {
  readonly flowKey: string;
  /** 0: nothing to expand. Null: not known. */
  readonly count: number | null;
  readonly expanded: boolean;
}

const Cells = memo(function Cells({ columns, flow, view, withDay, flowKey, count, expanded, onToggle }: CellsProps) {
  const expander = count !== 0 && <Expander flowKey={flowKey} count={count} expanded={expanded} onToggle={onToggle} />;
  return columns.map(({ column: { id, align, Cell } }) => (
    <td key={id} className={align}>
      <Cell flow={flow} view={view} withDay={withDay} expander={expander} />
    </td>
  ));
});
