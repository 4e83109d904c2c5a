import type { ReactNode } from "react";
import { ChangeTag } from "./change-tag.tsx";
import type { Amount } from "./series.ts";
import { type ChartUnit, formatExact, formatShort } from "./units.ts";
import "./bar-list.css";

export interface BarRow {
  readonly key: string;
  readonly label: ReactNode;
  readonly value: Amount;
  /** Of all, 0 to 1. */
  readonly share: number;
  /** In the time before; left out: it was not asked for. */
  readonly previous?: Amount | undefined;
}

export interface BarListProps {
  /** What it lists: `Top nodes by bytes`. */
  readonly label: string;
  /** What is listed: `Node`. */
  readonly what: string;
  readonly rows: readonly BarRow[];
  readonly unit: ChartUnit;
}

/** The largest, each with its share as a bar. A table to those who hear it. */
export function BarList({ label, what, rows, unit }: BarListProps) {
  const most = Math.max(...rows.map(({ share }) => share), Number.MIN_VALUE);
  const withPrevious = rows.some(({ previous }) => previous !== undefined);
  return (
    <table className="bar-list" aria-label={label}>
      <colgroup>
        <col />
        <col className="bar-list-value" />
        <col className="bar-list-share" />
        {withPrevious && <col className="bar-list-change" />}
      </colgroup>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">Amount</th>
          <th scope="col">Share</th>
          {withPrevious && <th scope="col">Change</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">
              <span className="bar-list-bar" style={{ width: `${Math.max(0.5, (row.share / most) * 100)}%` }} aria-hidden />
              <span className="bar-list-label">{row.label}</span>
            </th>
            <td title={formatExact(row.value, unit)}>{formatShort(row.value, unit)}</td>
            <td className="bar-list-dim">{shareText(row.share)}</td>
            {withPrevious && (
              <td>{row.previous !== undefined && <ChangeTag now={row.value} before={row.previous} unit={unit} />}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `12 %`, `0.4 %`, `<0.1 %` */
function shareText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}
