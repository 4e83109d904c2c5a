import { formatCount } from "@flowtrail/model";
import { useClock } from "../../../lib/use-clock.ts";
import { CostLine } from "../../../ui/cost-line.tsx";
import type { FeedState } from "../list/feed-state.ts";
import type { ListOrder } from "../list/question.ts";
import { BeginsAt } from "./begins-at.tsx";

const SORTED = {
  time: { desc: "Newest start first", asc: "Oldest start first" },
  bytes: { desc: "Most bytes first", asc: "Fewest bytes first" },
  packets: { desc: "Most packets first", asc: "Fewest packets first" },
  duration: { desc: "Longest first", asc: "Shortest first" },
} as const;

export interface StatusLineProps {
  readonly state: FeedState;
  readonly order: ListOrder;
  readonly withDay: boolean;
  /** Begins the list at its end again. */
  onFromEnd(): void;
}

/** What is shown, what is not, and what it cost. */
export function StatusLine({ state, order, withDay, onFromEnd }: StatusLineProps) {
  const clock = useClock();
  const { entries, dropped } = state;
  const rows = entries.length;
  return (
    <footer className="status-line">
      {rows > 0 && <span>{rowsText(state, order)}</span>}
      {dropped > 0 && (
        <span className="warn" title="More came in than a page can follow. They are stored: ask again (r) to see them.">
          {formatCount(dropped)} live rows left out
        </span>
      )}
      <CostLine meta={state.meta} note={state.note} />
      <span className="status-gap" />
      {rows > 0 && <span>{SORTED[order.sort][order.order]}</span>}
      {order.at !== null && <BeginsAt at={order.at} withDay={withDay} onRemove={onFromEnd} />}
      <span>Times in {clock.zone}</span>
    </footer>
  );
}

function rowsText({ entries, more, before, cleared, live, takesNew, paused }: FeedState, { sort, order }: ListOrder): string {
  const count = `${formatCount(entries.length)} ${entries.length === 1 ? "row" : "rows"}`;
  if (cleared) return `${count} since it was cleared`;
  if (before !== "none") return `${count} here, further ones follow as you scroll`;
  if (more !== "none") return `${count}, ${sort === "time" && order === "desc" ? "older" : "further"} ones follow as you scroll`;
  const all = `${count}, all of this time range`;
  if (live === "off" || (takesNew && !paused)) return all;
  return paused ? `${all} when it was paused` : `${all} when it was asked: r asks again`;
}
