/** The table's head: sorts by a click, and sizes columns by drag, by arrow keys and by double click. */
import { SortButton } from "../../../ui/sort-button.tsx";
import type { TableColumn } from "../columns/column.ts";
import type { TableLayout } from "../columns/layout.ts";
import type { ListOrder } from "../list/question.ts";
import type { ReportsView } from "../query.ts";
import { Resizer } from "./resizer.tsx";

export interface HeadProps {
  readonly layout: TableLayout;
  readonly view: ReportsView;
  readonly order: ListOrder;
  onSort(column: TableColumn): void;
  onWidth(id: string, px: number): void;
  /** Makes a column as wide as what it shows. */
  onFit(id: string): void;
}

const TRAFFIC_TIPS: Readonly<Record<ReportsView, string>> = {
  merged: "→ sent by the source, ← sent by the destination",
  all: "↓ received and ↑ sent by the node that reports the row",
};

export function Head({ layout, view, order, onSort, onWidth, onFit }: HeadProps) {
  return (
    <thead className="log-head">
      <tr className="log-line">
        {layout.columns.map(({ column }) => {
          const { id, label, align, sort } = column;
          const isSorted = sort !== undefined && sort === order.sort;
          const tip = id === "traffic" ? TRAFFIC_TIPS[view] : column.tooltip;
          return (
            <th
              key={id}
              scope="col"
              className={align}
              aria-sort={isSorted ? (order.order === "desc" ? "descending" : "ascending") : undefined}
              title={tip}
            >
              {sort === undefined ? (
                <span className="head-label">{label}</span>
              ) : (
                <SortButton
                  label={label}
                  order={isSorted ? order.order : null}
                  className="head-label"
                  onSort={() => onSort(column)}
                />
              )}
              <Resizer label={label} onWidth={(px) => onWidth(id, px)} onFit={() => onFit(id)} />
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
