/** Events as lines of a format, and those that it can't tell, which are parked. */
import type { LineFormat, Refused, SinkEvent } from "../ports.ts";

export interface Lines {
  readonly lines: readonly string[];
  /** The event of each of them. */
  readonly events: readonly SinkEvent[];
  readonly refused: readonly Refused[];
}

export function linesOf(format: LineFormat, all: readonly SinkEvent[]): Lines {
  const lines: string[] = [];
  const events: SinkEvent[] = [];
  const refused: Refused[] = [];
  all.forEach((event, index) => {
    try {
      lines.push(format.line(event));
      events.push(event);
    } catch (error) {
      refused.push({ index, reason: "format", message: error instanceof Error ? error.message : String(error) });
    }
  });
  return { lines, events, refused };
}
