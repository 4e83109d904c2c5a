import { formatCount } from "@flowtrail/model";
import { useClock } from "../../lib/use-clock.ts";
import type { FeedState } from "./flow-feed.ts";

/** What is shown, and what is not. */
export function StatusLine({ state }: { state: FeedState }) {
  const { entries, more, dropped } = state;
  const rows = entries.length;
  return (
    <footer className="status-line">
      {rows > 0 && (
        <span>
          {formatCount(rows)} {rows === 1 ? "row" : "rows"}
          {more === "none" ? ", all of this time range" : ", older ones follow as you scroll"}
        </span>
      )}
      {dropped > 0 && (
        <span className="warn" title="More came in than this page could follow. They are stored: ask again (r) to see them.">
          {formatCount(dropped)} live rows left out
        </span>
      )}
      <span className="status-gap" />
      {rows > 0 && <span>Newest start first</span>}
      <span>Times in {useClock().zone}</span>
    </footer>
  );
}
