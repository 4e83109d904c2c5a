/** The stage: the tap on the interfaces of networks whose names are wanted, and what is known of them. */
import { PacketTap, type PacketTapStats } from "../capture/packets/tap.ts";
import { secondLevel } from "./decode/second-level.ts";
import { LocalOwners } from "./flow-owners.ts";
import { Names, NO_POLICY } from "./names.ts";
import { NamePolicy, type NamePolicyConfig } from "./policy.ts";
import type { NameStats } from "./stats.ts";

const QUIC_PORT = 443;

export interface NameCaptureConfig {
  /** UDP ports on which QUIC is looked for, besides 443. */
  readonly quicPorts: readonly number[];
}

export class NameCapture {
  readonly names: Names;
  /** Local programs of flows. It costs nothing as long as nobody asks. */
  readonly owners: LocalOwners;
  readonly #tap: PacketTap;
  #policy = NO_POLICY;
  #networks: readonly string[] = [];
  #settings = "";
  #running = false;

  /** @param monotonicMs a clock that does not go back */
  constructor({ quicPorts }: NameCaptureConfig, monotonicMs: () => number = () => performance.now()) {
    this.names = new Names(monotonicMs);
    this.owners = new LocalOwners(monotonicMs);
    this.#tap = new PacketTap({ quicPorts: [...new Set([QUIC_PORT, ...quicPorts])] }, this.names.packets);
  }

  get stats(): Readonly<NameStats> & { readonly tap: Readonly<PacketTapStats> } {
    return { ...this.names.stats, tap: this.#tap.stats };
  }

  /** Interfaces that are listened to. */
  get interfaces(): readonly string[] {
    return this.#tap.interfaces;
  }

  /** How much of whose names is known: `network=mode`. */
  get modes(): readonly string[] {
    return this.#networks.map((id) => `${id}=${this.#policy.modeOf(id)}`);
  }

  /** Why names are missing, and what to do about it; empty if none are. */
  get problem(): string {
    const { problem } = this.#tap;
    return problem === "" ? this.owners.problem : `no names on ${problem}`;
  }

  /** From now on. Returns true if what may be told of names has changed: names that were given before must be looked at again (`shown`). */
  configure(config: NamePolicyConfig): boolean {
    this.#policy = new NamePolicy(config);
    this.#networks = config.networks.map(({ id }) => id);
    const settings = JSON.stringify([config.networks.map(({ id }) => [id, config.modeOf(id)]), config.exclude]);
    const changed = settings !== this.#settings;
    this.#settings = settings;
    this.names.setPolicy(this.#policy, changed);
    if (this.#running) this.#tap.setInterfaces(this.#policy.interfaces);
    return changed;
  }

  /** How a domain of a network is to be told: null: not at all. */
  shown(network: string, domain: string): string | null {
    const mode = this.#policy.modeOf(network);
    return mode === "full" ? domain : mode === "second-level" ? secondLevel(domain) : null;
  }

  start(): void {
    this.#running = true;
    this.#tap.setInterfaces(this.#policy.interfaces);
  }

  /** Takes what waits in the kernel, and forgets what is out of date. @param nowMs ms since 1970 */
  drain(nowMs: number): void {
    this.#tap.drain();
    this.names.sweep(nowMs);
  }

  stop(): void {
    this.#running = false;
    this.#tap.stop();
    this.owners.close();
  }
}
