/**
 * Flows whose first rows wait for their names, where there are domains of which nothing is recorded: what tells a name comes with the first packets.
 * For a short while: a flow that is never named must be seen, too.
 */
import { FLAG } from "./flow-layout.ts";
import type { Flows } from "./flows.ts";

/** A ClientHello follows the handshake at once, and waits for no more than a retransmission or two. */
export const HOLD_MS = 3000;

interface Held {
  readonly slot: number;
  readonly idLow: number;
  readonly idHigh: number;
  readonly untilMs: number;
}

export class HeldFlows {
  #held: Held[] = [];

  /** In the place of its first row. */
  hold(flows: Flows, slot: number, nowMs: number): void {
    flows.clearFlag(slot, FLAG.dirty);
    if (flows.hasFlag(slot, FLAG.held)) return;
    flows.setFlag(slot, FLAG.held);
    const { flowId } = flows.table.columns;
    this.#held.push({ slot, idLow: flowId[slot * 2]!, idHigh: flowId[slot * 2 + 1]!, untilMs: nowMs + HOLD_MS });
  }

  /** Those that have waited long enough get their rows. */
  release(flows: Flows, nowMs: number): void {
    const { flowId, revision } = flows.table.columns;
    let count = 0;
    for (const { slot, idLow, idHigh, untilMs } of this.#held) {
      const leftMs = untilMs - nowMs;
      // More is left than there ever was where the clock was set back: nobody waits for it to come along.
      if (leftMs > 0 && leftMs <= HOLD_MS) break;
      count++;
      // The slot may be another flow's by now.
      if (flowId[slot * 2] !== idLow || flowId[slot * 2 + 1] !== idHigh || !flows.hasFlag(slot, FLAG.held)) continue;
      flows.clearFlag(slot, FLAG.held);
      // It has a row: it was named, or has ended.
      if (!flows.isLive(slot) || revision[slot]! > 0) continue;
      flows.setFlag(slot, FLAG.heldOut);
      flows.markDirty(slot);
    }
    if (count > 0) this.#held.splice(0, count);
  }
}
