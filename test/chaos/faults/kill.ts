/** kill -9, and processes that stand still (SIGSTOP). */
import type { ChaosBed } from "../bed.ts";
import type { Fault } from "../fault.ts";
import { processSample } from "../samples.ts";

const enginePid = (bed: ChaosBed): number => {
  const pid = bed.enginePid();
  if (pid === null) throw new Error("the engine does not run");
  return pid;
};

/** Of the server: code that runs for the first time, and garbage. */
const MAY_GROW_MIB = 200;
/** An agent makes two batches a second. */
const SPOOLED = 5;
let before = 0;
const memoryOf = (bed: ChaosBed): number => processSample(bed.server.pid)?.rssBytes ?? 0;

export const KILLS: readonly Fault[] = [
  {
    name: "agent-killed",
    about: "kill -9 of the agent; started again after a moment",
    lastsMs: [300, 1500],
    begin: (bed) => bed.restartAgent("SIGKILL", bed.random.whole(50, 1500)),
  },
  {
    name: "server-killed",
    about: "kill -9 of the server, its engine with it; started again after a moment",
    lastsMs: [500, 3000],
    begin: (bed) => bed.server.kill(),
    end: (bed) => bed.server.start(),
  },
  {
    name: "engine-killed",
    about: "kill -9 of ClickHouse; the server starts it again",
    lastsMs: [500, 2000],
    begin: async (bed) => void process.kill(enginePid(bed), "SIGKILL"),
  },
  {
    name: "engine-restarts",
    about: "ClickHouse is killed again and again under four times the traffic",
    lastsMs: [2000, 4000],
    rate: 800,
    begin: async (bed) => {
      for (let i = 0; i < 3; i++) {
        process.kill(enginePid(bed), "SIGKILL");
        await bed.until("the engine is back", async () => bed.enginePid() !== null && (await bed.isHealthy()));
      }
      process.kill(enginePid(bed), "SIGKILL");
    },
  },
  {
    name: "agent-stands-still",
    about: "SIGSTOP of the agent: the kernel keeps its events",
    lastsMs: [2000, 6000],
    begin: async (bed) => bed.agent.signal("SIGSTOP"),
    end: async (bed) => bed.agent.signal("SIGCONT"),
  },
  {
    name: "server-stands-still",
    about: "SIGSTOP of the server, longer than an upload may take",
    lastsMs: [6000, 9000],
    begin: async (bed) => void process.kill(bed.server.pid ?? 0, "SIGSTOP"),
    end: async (bed) => void process.kill(bed.server.pid ?? 0, "SIGCONT"),
  },
  {
    name: "engine-stands-still",
    about:
      "SIGSTOP of ClickHouse under four times the traffic: agents wait with it, and the server's memory does not grow with what waits",
    lastsMs: [7000, 12_000],
    rate: 800,
    begin: async (bed) => {
      before = memoryOf(bed);
      process.kill(enginePid(bed), "SIGSTOP");
    },
    end: async (bed) => {
      const grownMib = (memoryOf(bed) - before) / 2 ** 20;
      const waiting = bed.agent.status()?.spool.batches ?? 0;
      process.kill(enginePid(bed), "SIGCONT");
      if (grownMib > MAY_GROW_MIB)
        throw new Error(`the server's memory grew by ${grownMib.toFixed(0)} MiB while its store stood still`);
      if (waiting < SPOOLED) throw new Error(`the agent has ${waiting} batches in its spool while the store stands still`);
    },
  },
];
