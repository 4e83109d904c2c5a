/** Events as one body of a format. */
import type { BodyFormat, SendResult, SinkEvent } from "../ports.ts";

/** What the format can't tell is refused: the engine finds out which event it is. */
export async function bodyOf(
  format: BodyFormat,
  events: readonly SinkEvent[],
): Promise<{ readonly bytes: Uint8Array } | Extract<SendResult, { kind: "refused" }>> {
  try {
    return { bytes: await format.body(events) };
  } catch (error) {
    return { kind: "refused", reason: "format", message: error instanceof Error ? error.message : String(error) };
  }
}
