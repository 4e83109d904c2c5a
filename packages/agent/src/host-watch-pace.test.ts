/** How often a host is looked at whose addresses change all the time. The system's answers are made up, and so is the time. */
import type { lookup } from "node:dns/promises";
import type { NetworkInterfaceInfo } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";
import { HostWatch } from "./host-watch.ts";

const system = vi.hoisted(() => ({ interfaces: (): unknown => ({}), lookups: 0, names: ["192.0.2.200"] }));
vi.mock("node:os", async (original) => ({ ...(await original<object>()), networkInterfaces: () => system.interfaces() }));
vi.mock("node:dns/promises", async (original) => ({
  ...(await original<object>()),
  lookup: (async () => {
    system.lookups++;
    return system.names.map((address) => ({ address, family: 4 }));
  }) as unknown as typeof lookup,
}));

const link = (address: string): Partial<NetworkInterfaceInfo>[] => [{ address, cidr: `${address}/24` }];
const told: string[] = [];
const problems: unknown[] = [];
let watch: HostWatch;
let seconds: number;
let done: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  [told.length, problems.length, seconds, system.lookups] = [0, 0, 0, 0];
  watch = new HostWatch(
    { server: new URL("http://flowtrail.test"), ports: [] },
    {
      onChange: ({ interfaces }) => told.push(interfaces.flatMap((one) => one.addresses.map(({ text }) => text)).join()),
      onProblem: (error) => problems.push(error),
    },
  );
});
afterEach(() => {
  watch.stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Time goes by as fast as the watch asks for it. */
async function watchFor(allSeconds: number): Promise<void> {
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  vi.spyOn(systemClock, "sleep").mockImplementation(async (ms) => {
    await turn();
    vi.advanceTimersByTime(ms);
    seconds += ms / 1000;
    if (seconds < allSeconds) return;
    watch.stop();
    done();
  });
  await watch.start();
  await over;
}

it("looks every few seconds at addresses that change each second, and asks for names once a minute", async () => {
  system.interfaces = () => ({ veth: link(`198.51.100.${seconds % 250}`) });
  await watchFor(120);
  expect(told.length).toBeGreaterThan(30);
  expect(told.length).toBeLessThanOrEqual(40);
  expect(system.lookups).toBe(2);
});

it("asks for all at once when a tunnel comes up, also in the midst of other changes", async () => {
  const upAt = 20;
  const asked: number[] = [];
  system.interfaces = () => {
    if (asked.length < system.lookups) asked.push(seconds);
    return { veth: link(`198.51.100.${seconds % 250}`), ...(seconds >= upAt ? { "wg-made-up": link("192.0.2.1") } : {}) };
  };
  await watchFor(50);
  expect(system.lookups).toBe(2);
  expect(asked[1]).toBeGreaterThanOrEqual(upAt);
  expect(asked[1]).toBeLessThanOrEqual(upAt + 5);
});

it("goes on, and says so, when the system does not tell its addresses for once", async () => {
  system.interfaces = () => {
    if (seconds === 5 || seconds === 10) throw new Error("no memory");
    return { eth0: link(seconds < 5 ? "192.0.2.1" : "192.0.2.2") };
  };
  await watchFor(30);
  expect(problems.map(String)).toEqual(["Error: no memory", "Error: no memory"]);
  expect(told).toEqual(["192.0.2.2"]);
});
