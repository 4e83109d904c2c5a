/** What of a followed flow is told: that it is there, and how it ended; each once, however often the server says it. */
import type { FlowJson } from "@flowtrail/model";

/** Flows that are kept in mind: enough for what is open at a time, and bounded whatever runs for weeks. */
const MOST_KNOWN = 100_000;

export class Told {
  readonly #updates: boolean;
  /** What was told last of a flow. */
  readonly #known = new Map<string, string>();

  /** @param updates whether counters of flows that go on are told, too */
  constructor({ updates }: { readonly updates: boolean }) {
    this.#updates = updates;
  }

  /** Whether this says something that was not told before. */
  isNew({ reporter_id, flow_id, state, last_seen, src_bytes, dst_bytes }: FlowJson): boolean {
    const key = `${reporter_id} ${flow_id}`;
    const now = state !== "open" ? "ended" : this.#updates ? `${last_seen} ${src_bytes} ${dst_bytes}` : "open";
    const before = this.#known.get(key);
    // What comes late of a flow that has ended tells nothing.
    if (before === now || before === "ended") return false;
    this.#known.delete(key);
    this.#known.set(key, now);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value ?? "");
    return true;
  }
}
