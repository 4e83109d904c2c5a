/** What the kernel does not tell, or tells all at once. */
import type { ChaosBed } from "../bed.ts";
import type { Fault } from "../fault.ts";

const BURST = 3000;
/** A few hundred events. */
const SMALL_BUFFER = "--capture-receive-buffer=256KiB";
/** From the end of an overrun until the agent has listed what there is. */
const REPAIRED_MS = 8000;
let stoodStillMs = 0;

const overrun = (bed: ChaosBed): number => bed.agent.status()?.drops.overrun ?? 0;

export const KERNEL: readonly Fault[] = [
  {
    name: "conntrack-overrun",
    about: "more events than the agent's buffer holds: those that were dropped are counted, and what still lives is found",
    lastsMs: [4000, 6000],
    rate: BURST,
    begin: async (bed) => {
      await bed.restartAgent("SIGTERM", 0, { flags: [SMALL_BUFFER] });
      stoodStillMs = bed.ledger.now();
      bed.agent.signal("SIGSTOP");
    },
    end: async (bed) => {
      bed.agent.signal("SIGCONT");
      bed.setRate(0);
      const mendedMs = bed.ledger.now();
      await bed.until("the agent counts what was dropped", () => overrun(bed) > 0);
      // As many as it says, and no more.
      bed.excuse("conntrack overrun, declared", stoodStillMs, mendedMs + REPAIRED_MS, () => bed.tap.drops.get("overrun") ?? 0);
    },
  },
  {
    name: "conntrack-flush",
    about: "conntrack -F, three times",
    lastsMs: [500, 1500],
    begin: async (bed) => {
      for (let i = 0; i < 3; i++) {
        bed.conntrack("-F");
        await bed.pause(bed.random.whole(200, 1000));
      }
    },
  },
];
