/** Disks that are full, or that an error has made read-only. */
import type { Fault } from "../fault.ts";

/** What an agent may have in memory when its disk fails. */
const UNSPOOLED_MS = 1500;
let failedMs = 0;

export const DISKS: readonly Fault[] = [
  {
    name: "spool-full",
    about: "no byte left on the agent's disk: it goes on in memory, and says so",
    lastsMs: [3000, 6000],
    begin: async (bed) => {
      bed.agentDisk.fill();
      await bed.until("the agent says that its disk is full", () => bed.agent.said.includes("no space left on the disk"));
    },
    end: async (bed) => bed.agentDisk.free(),
  },
  {
    name: "spool-read-only",
    about: "the agent's disk is read-only after an error: repaired while the agent is stopped",
    lastsMs: [1000, 3000],
    begin: async (bed) => {
      failedMs = bed.ledger.now();
      bed.agentDisk.fail();
      await bed.until("the agent says that its disk is read-only", () => bed.agent.said.includes("EROFS"));
    },
    end: async (bed) => {
      await bed.whileAgentIsAway("SIGTERM", () => bed.agentDisk.repair());
      // What it knew since then was in its memory alone, and ended with it.
      bed.excuse("spool read-only until the agent was stopped", failedMs - UNSPOOLED_MS, bed.ledger.now());
    },
  },
  {
    name: "store-full",
    about: "no byte left on the server's disk",
    lastsMs: [3000, 6000],
    begin: async (bed) => bed.serverDisk.fill(),
    end: async (bed) => bed.serverDisk.free(),
  },
  {
    name: "store-read-only",
    about: "the server's disk is read-only after an error: repaired while the server is stopped",
    lastsMs: [3000, 6000],
    begin: async (bed) => bed.serverDisk.fail(),
    end: async (bed) => {
      await bed.server.stop();
      bed.serverDisk.repair();
      await bed.server.start();
    },
  },
];
