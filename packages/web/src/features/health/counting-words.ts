/** What a person should know about how reports are counted, in sentences. */
import { formatCount } from "@flowtrail/model";
import type { Health } from "../../lib/api-types.ts";

export interface CountingNote {
  readonly key: string;
  readonly text: string;
  readonly isBad: boolean;
}

/** None: every connection counts once, and nothing is under way. */
export function countingNotes({ reelections, unknown_relays = [] }: Health): readonly CountingNote[] {
  const notes: CountingNote[] = [];
  const pending = reelections?.pending ?? 0;
  if (pending > 0) {
    const stretches = pending === 1 ? "stretch" : "stretches";
    notes.push({
      key: "pending",
      text:
        `An agent was away or has come back: for ${formatCount(pending)} ${stretches} of time it is decided again which reports count. ` +
        "Until then totals may lack some, never count any twice.",
      isBad: false,
    });
  }
  if (reelections?.last_error != null)
    notes.push({ key: "error", text: `Deciding again failed and is tried again: ${reelections.last_error}`, isBad: true });
  for (const { reporter_id, reporter, rows } of unknown_relays) {
    const reports = `${formatCount(rows)} ${rows === 1 ? "report" : "reports"}`;
    notes.push({
      key: reporter_id,
      text:
        `${reporter} forwards traffic (${reports}) and nobody says that it is on the way: if another node on that way reports, too, both count. ` +
        "Name it as the gateway, via or relay of those whose traffic it carries.",
      isBad: true,
    });
  }
  return notes;
}
