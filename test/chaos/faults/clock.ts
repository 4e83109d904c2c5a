/** Clocks that jump by a day while a program runs, and back. The clock that only counts on is not touched, as with a real one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChaosBed } from "../bed.ts";
import type { Fault } from "../fault.ts";

const DAY_MS = 86_400_000;
const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

const fileOf = (bed: ChaosBed): string => join(bed.dir, "clock");
function set(bed: ChaosBed, offset: string): void {
  writeFileSync(fileOf(bed), `${offset}\n`);
}
const environment = (bed: ChaosBed): NodeJS.ProcessEnv => ({
  LD_PRELOAD: LIBRARY,
  FAKETIME_TIMESTAMP_FILE: fileOf(bed),
  FAKETIME_NO_CACHE: "1",
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
  DONT_FAKE_MONOTONIC: "1",
});

const ofAgent = (name: string, offset: string): Fault => ({
  name,
  about: `the agent's clock jumps by ${offset} while it runs, and back`,
  lastsMs: [3000, 5000],
  offMs: DAY_MS,
  begin: async (bed) => {
    set(bed, "+0");
    await bed.restartAgent("SIGTERM", 0, { env: environment(bed) });
    await bed.pause(1500);
    set(bed, offset);
  },
  end: async (bed) => {
    set(bed, "+0");
    await bed.pause(2000);
    await bed.restartAgent("SIGTERM", 0);
  },
});

const ofServer = (name: string, offset: string): Fault => ({
  name,
  about: `the server's clock jumps by ${offset} while it runs, and back`,
  lastsMs: [3000, 5000],
  offMs: DAY_MS,
  begin: async (bed) => {
    set(bed, "+0");
    await bed.server.stop();
    await bed.server.start(environment(bed));
    await bed.pause(1000);
    set(bed, offset);
  },
  end: async (bed) => {
    set(bed, "+0");
    await bed.pause(1000);
    await bed.server.stop();
    await bed.server.start();
  },
});

export const CLOCKS: readonly Fault[] = [
  ofAgent("agent-clock-ahead", "+1d"),
  ofAgent("agent-clock-behind", "-1d"),
  ofServer("server-clock-ahead", "+1d"),
  ofServer("server-clock-behind", "-1d"),
];
