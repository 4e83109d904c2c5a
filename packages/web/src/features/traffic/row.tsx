import { memo } from "react";
import { VerdictTag } from "../../ui/verdict.tsx";
import { EndCell, EventCell, ProtocolCell, TrafficCell } from "./cells.tsx";
import { durationText } from "./describe.ts";
import type { FlowEntry } from "./flow-list.ts";
import type { ReportsView } from "./query.ts";

/** How long a row that came in live is marked as new. */
const FRESH_MS = 1500;

export interface RowProps {
  readonly entry: FlowEntry;
  readonly index: number;
  readonly top: number;
  readonly view: ReportsView;
  readonly withDay: boolean;
  readonly active: boolean;
  readonly open: boolean;
}

export function rowId(key: string): string {
  return `row-${key}`;
}

export const Row = memo(function Row({ entry, index, top, view, withDay, active, open }: RowProps) {
  const { flow } = entry;
  const fresh = entry.arrivedMs !== null && Date.now() - entry.arrivedMs < FRESH_MS;
  return (
    <tr
      id={rowId(entry.key)}
      className={`log-line log-row${fresh ? " fresh" : ""}${active ? " active" : ""}${open ? " chosen" : ""}`}
      aria-rowindex={index + 2}
      aria-selected={open}
      tabIndex={-1}
      style={{ transform: `translateY(${top}px)` }}
    >
      <td>
        <EventCell flow={flow} withDay={withDay} />
      </td>
      <td>
        <EndCell flow={flow} end="src" />
      </td>
      <td>
        <ProtocolCell flow={flow} />
      </td>
      <td>
        <EndCell flow={flow} end="dst" />
      </td>
      <td className="right">
        <TrafficCell flow={flow} view={view} />
      </td>
      <td>
        <VerdictTag verdict={flow.verdict} />
      </td>
      <td className="right number">{durationText(flow)}</td>
    </tr>
  );
});
