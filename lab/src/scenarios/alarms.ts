/** What the rules that ship are for: each does, in seconds, what should be told of. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bed } from "../bed.ts";
import { ports } from "../services.ts";
import { type Addresses, hostAddresses, namelessHost } from "../topology.ts";
import type { Scenario, ScenarioOptions } from "./scenario.ts";

const MIB = 2 ** 20;

/** A scenario over one family: what a rule says of it does not depend on it. */
const once = (title: string, run: (bed: Bed, options: ScenarioOptions) => Promise<unknown>): Scenario => ({
  title,
  async run(bed, options) {
    await run(bed, options);
    return undefined;
  },
});

/** So many at once: more would be slower than one after the other. */
const AT_ONCE = 12;

async function each(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => act(from + i)));
}

export const portScan = once("debian tries ports of officegw, two of which answer (count: 60)", async (bed, { count = 60 }) => {
  const tries = { from: "debian", to: "officegw", family: 4, what: "debian tries a port of officegw", up: 0, down: 0 } as const;
  for (const port of [ports.smb, ports.postgresql]) await bed.tcp({ ...tries, port });
  await each(count, (i) => bed.tcp({ ...tries, port: 7000 + i }));
});

/** None of them is there: officegw asks its LAN for them in vain. */
const lanAddress = (index: number): Addresses => ({ v4: `10.20.1.${index + 1}`, v6: `fd20::1:${(index + 1).toString(16)}` });

export const hostSweep = once("debian tries SMB on addresses of the LAN, where nobody is (count: 48)", (bed, { count = 48 }) =>
  each(count, (i) =>
    bed.tcp({
      ...{ from: "debian", to: "lan", family: 4, arrives: false, timeoutMs: 800 },
      what: "debian tries SMB of a LAN address",
      ...{ at: lanAddress(i), port: ports.smb, up: 0, down: 0 },
    }),
  ),
);

export const beacon = once(
  "the user's laptop asks a nameless host for orders every second (count: 40)",
  async (bed, { count = 40 }) => {
    for (let i = 0; i < count; i++) {
      const waited = sleep(1000);
      await bed.tcp({
        ...{ from: "user", to: "internet", family: 4, what: "the laptop asks for orders" },
        ...{ at: namelessHost, port: ports.git, up: 120, down: 80 },
      });
      await waited;
    }
  },
);

export const upload = once("the user's laptop sends much to the internet (bytes: 8 MiB)", (bed, { bytes = 8 * MIB }) =>
  bed.tcp({
    ...{ from: "user", to: "internet", family: 4, what: "the laptop sends very much out" },
    ...{ at: hostAddresses("git.example.test"), port: ports.git, up: bytes, down: 100 },
  }),
);

export const plainText = once(
  "telnet on the LAN host, and much over HTTP to the internet (bytes: 3 MiB)",
  async (bed, { bytes = 3 * MIB }) => {
    const telnet = { from: "debian", to: "lan", family: 4, what: "debian logs in by telnet", port: ports.telnet } as const;
    await bed.tcp({ ...telnet, up: 60, down: 500 });
    await bed.web({
      from: "user",
      family: 4,
      what: "the laptop sends over HTTP",
      name: "www.example.test",
      tls: false,
      up: bytes,
      down: 50,
    });
  },
);

export const foreignDns = once("the user asks a resolver of the internet again and again (count: 25)", (bed, { count = 25 }) =>
  each(count, () => bed.dns({ from: "user", family: 4, name: "api.example.test" })),
);
