/** A little of everything, round after round, for a demo. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bed } from "../bed.ts";
import { denyRules, filteredPort } from "../rules.ts";
import { ports } from "../services.ts";
import type { Family, HostName } from "../topology.ts";
import { cdn, dnsOnly, ech, http } from "./names.ts";
import { quic } from "./quic.ts";
import type { Scenario } from "./scenario.ts";

interface Round {
  bed: Bed;
  family: Family;
  /** Counts from 0; sizes vary with it. */
  number: number;
  /** How long long-lived connections of this round may last. */
  secondsLeft: number;
}

const kib = (size: number, { number }: Round): number => Math.round(size * 1024 * (1 + ((number * 7) % 5) / 4));

async function browse(round: Round, from: "user" | "config", name: HostName, up: number, down: number): Promise<void> {
  const { bed, family } = round;
  await bed.dns({ from, family, name });
  await bed.web({ from, family, what: `${from} uses https://${name}`, name, tls: true, up, down });
}

/** What another scenario does over one family, skipped where it can't be done. */
const asIn =
  (scenario: Scenario) =>
  ({ bed, family }: Round): Promise<unknown> =>
    scenario.run(bed, { family });

/** One after the other, with a pause between; what takes long goes on meanwhile. */
const acts: ((round: Round) => Promise<unknown>)[] = [
  (r) => browse(r, "user", "api.example.test", kib(0.5, r), kib(2, r)),
  (r) =>
    r.bed.tcp({
      ...r,
      from: "debian",
      to: "officegw",
      what: "debian asks officegw's database",
      port: ports.postgresql,
      up: kib(1, r),
      down: kib(30, r),
    }),
  (r) =>
    r.bed.trickle({
      ...r,
      from: "user",
      to: "debian",
      what: "the user's shell on debian",
      bytes: 48,
      everyMs: 700,
      seconds: Math.min(20, r.secondsLeft),
    }),
  (r) => browse(r, "user", "www.example.test", 0, kib(40, r)),
  asIn(dnsOnly),
  (r) =>
    r.bed.udp({
      ...r,
      from: "config",
      to: "internet",
      host: "ns.example.test",
      what: "the printer asks for the time",
      port: ports.ntp,
      requestBytes: 48,
      replyBytes: 48,
    }),
  asIn(cdn),
  (r) =>
    r.bed.tcp({ ...r, from: "debian", to: "inetgw", what: "debian tries TCP 443 on inetgw", port: ports.https, up: 0, down: 0 }),
  (r) =>
    r.bed.tcp({
      ...r,
      from: "user",
      to: "lan",
      what: "the user reads a file on the LAN host",
      port: ports.smb,
      up: 200,
      down: kib(64, r),
    }),
  (r) =>
    r.bed.ping({
      ...r,
      from: "debian",
      to: "inetgw",
      what: "debian pings inetgw",
      id: 1000 + (r.number % 1000),
      count: 4,
      everyMs: 300,
    }),
  (r) => browse(r, "config", "video.example.test", 0, kib(200, r)),
  asIn(quic),
  (r) =>
    r.bed.tcp({
      ...r,
      from: "lan",
      to: "debian",
      what: "the LAN host asks debian's database",
      port: ports.postgresql,
      up: kib(1, r),
      down: kib(8, r),
    }),
  (r) =>
    r.bed.tcp({
      ...r,
      from: "user",
      to: "inetgw",
      what: "the user tries a filtered port",
      port: filteredPort,
      up: 0,
      down: 0,
      denied: { at: "inetgw", rule: denyRules.filtered },
      timeoutMs: 2500,
    }),
  (r) => browse(r, "user", "img.example.test", 0, kib(120, r)),
  asIn(http),
  asIn(ech),
  (r) =>
    r.bed.tcp({
      ...r,
      from: "debian",
      to: "lan",
      what: "debian's backup to the LAN host",
      port: ports.smb,
      up: kib(1024, r),
      down: 100,
    }),
  (r) =>
    r.bed.udp({
      ...r,
      from: "officegw",
      to: "debian",
      what: "officegw tries a closed UDP port",
      port: ports.closed,
      requestBytes: 64,
      replyBytes: 64,
    }),
];

const pauseMs = 700;

export const mixed: Scenario = {
  title: "a little of everything, gently, for a demo (seconds: 60)",
  async run(bed, { seconds = 60, family }) {
    const end = performance.now() + seconds * 1000;
    const secondsLeft = (): number => Math.max(0, (end - performance.now()) / 1000);
    const running = new Set<Promise<unknown>>();
    let failure: { error: unknown } | null = null;
    for (let turn = 0; secondsLeft() > 0 && !failure; turn++) {
      const number = Math.floor(turn / acts.length);
      const act = acts[turn % acts.length]!({
        bed,
        number,
        family: family ?? ((turn + number) % 2 ? 6 : 4),
        secondsLeft: secondsLeft(),
      });
      const tracked = act
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(tracked));
      running.add(tracked);
      await sleep(Math.min(pauseMs, secondsLeft() * 1000), undefined, bed.signal ? { signal: bed.signal } : {});
    }
    await Promise.all(running);
    if (failure) throw (failure as { error: unknown }).error;
    return undefined;
  },
};
