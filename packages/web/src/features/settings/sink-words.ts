/** How it goes with a sink, in words. */
import { formatCount, formatDuration } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import type { Backfill, Sink } from "../../lib/types-sinks.ts";
import type { StateLine } from "./recipient-words.ts";

const good = (text: string): StateLine => ({ text, isBad: false });
const bad = (text: string): StateLine => ({ text, isBad: true });

/** More of it, and it is told loudly: soon records are deleted before they are handed over. */
const MUCH_OF_RETENTION = 0.5;
/** Less is no lag: records come in batches. */
const LAG_MS = 30_000;

export function sinkState(
  { enabled, status }: Pick<Sink, "enabled" | "status">,
  clock: Pick<Clock, "dayAndTime">,
): readonly StateLine[] {
  if (!enabled) return [good("Paused: it keeps its place, and goes on from there.")];
  if (status === null) return [good("It has not begun yet.")];
  const { state, lag_ms, waiting, taken, per_second, last_taken, trouble, of_retention, lost, unnamed } = status;
  const at = last_taken === null ? "" : `, the last ${clock.dayAndTime(Date.parse(last_taken))}`;
  const rate = per_second > 0 ? `, ${formatCount(per_second)}/s now` : "";
  const isLosing = lost > 0 || (of_retention !== null && of_retention > MUCH_OF_RETENTION);
  const waits = waiting === null ? "records wait" : `${formatCount(waiting)} records wait`;
  return [
    good(taken === 0 ? noneTaken(last_taken !== null) : `${formatCount(taken)} records handed over${at}${rate}.`),
    ...(state === "silent" ? [bad("No server says that it hands over to it: is one running that may?")] : []),
    ...(lag_ms > LAG_MS ? [bad(`${formatDuration(lag_ms)} behind: ${waits}.`)] : []),
    ...(trouble === null
      ? []
      : [
          bad(
            `Failed ${times(trouble.failures)}: ${trouble.message} ${trouble.advice} It is tried again and again${isLosing ? "" : "; nothing is lost meanwhile"}.`,
          ),
        ]),
    ...(of_retention !== null && of_retention > MUCH_OF_RETENTION
      ? [
          bad(
            `It is ${Math.round(of_retention * 100)} % of the retention behind: what gets older than that is deleted before it is handed over.`,
          ),
        ]
      : []),
    ...(lost > 0 ? [bad(`Up to ${formatCount(lost)} records were deleted by retention before they were handed over.`)] : []),
    ...(unnamed > 0 ? [bad(`${formatCount(unnamed)} records were refused without saying which.`)] : []),
  ];
}

/** What a backfill hands over is told with the backfill. */
function noneTaken(wasBackfilled: boolean): string {
  return wasBackfilled ? "Nothing new was handed over yet, only what is backfilled." : "Nothing was handed over yet.";
}

function times(count: number): string {
  return count === 1 ? "once" : `${formatCount(count)} times`;
}

/** `42 % since Nov 1, 10:00 AM: 12,000 records` */
export function backfillText({ state, from, progress, sent }: Backfill, clock: Pick<Clock, "dayAndTime">): string {
  const since = `since ${clock.dayAndTime(Date.parse(from))}`;
  const records = `${formatCount(sent)} records`;
  if (state === "waiting") return `Backfill ${since}: not begun yet`;
  if (state === "running") return `Backfill ${since}: ${Math.floor(progress * 100)} %, ${records}`;
  return `Backfill ${since}: ${state === "done" ? "done" : "stopped"}, ${records}`;
}
