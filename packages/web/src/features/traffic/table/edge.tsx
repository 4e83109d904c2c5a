import { Button, Loader } from "@mantine/core";
import type { Edge as EdgeState } from "../list/feed-state.ts";
import type { ListOrder } from "../list/question.ts";

export interface EdgeProps {
  readonly state: EdgeState;
  /** Beyond the first row, or beyond the last one. */
  readonly side: "newer" | "older";
  readonly message: string | undefined;
  readonly order?: ListOrder;
  readonly cleared?: boolean;
  onRetry(): void;
}

/** Says how the list goes on at one of its ends. */
export function Edge({ state, side, message, order, cleared = false, onRetry }: EdgeProps) {
  if (state === "loading") {
    return (
      <div className={`log-edge log-edge-${side}`}>
        <Loader size="xs" aria-label={side === "newer" ? "Loading rows above" : "Loading further rows"} />
      </div>
    );
  }
  if (state === "failed") {
    return (
      <div className={`log-edge log-edge-${side}`} role="alert">
        Further rows could not be loaded: {message}
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  if (state !== "none" || side === "newer") return null;
  return <div className="log-edge">{endText(order, cleared)}</div>;
}

function endText(order: ListOrder | undefined, cleared: boolean): string {
  if (cleared) return "Cleared: rows that came in since. Refresh (r) shows all";
  if (order === undefined || order.sort !== "time") return "No further rows";
  return order.order === "desc" ? "No older rows in this time range" : "No newer rows in this time range";
}
