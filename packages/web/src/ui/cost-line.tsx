/** Stands under every result: what the answer cost, what it was made from, and what it leaves out. */
import type { AnswerMeta } from "../lib/api-types.ts";
import { costParts } from "./cost-words.ts";
import "./cost-line.css";

export interface CostLineProps {
  readonly meta: AnswerMeta | undefined;
  /** What was left out or how it was estimated, as the server says it. */
  readonly note?: string | null | undefined;
  /** False: the figures are an estimate. */
  readonly exact?: boolean | undefined;
}

/** Nothing until there is an answer. */
export function CostLine({ meta, note = null, exact = true }: CostLineProps) {
  if (meta === undefined) return null;
  return (
    <span className="cost">
      <span>{costParts(meta).join(" · ")}</span>
      {!exact && (
        <span className="cost-label" title={note ?? "Counted in a sample of the rows"}>
          estimated
        </span>
      )}
      {meta.partial && exact && (
        <span className="cost-label" title={note ?? "Not all that was asked for was looked at: there may be more"}>
          partial
        </span>
      )}
      {note !== null && <span>{note}</span>}
    </span>
  );
}
