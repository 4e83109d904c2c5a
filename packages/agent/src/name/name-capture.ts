/** The stage: the tap on the interfaces of networks whose names are wanted, and what is known of them. */
import { NOTHING_EXCLUDED, secondLevel } from "@flowtrail/model";
import { PacketTap, type PacketTapStats } from "../capture/packets/tap.ts";
import { EXCLUDED_DOMAIN } from "../track/flow-names.ts";
import { LocalOwners } from "./flow-owners.ts";
import { Names, NO_POLICY } from "./names.ts";
import { NAME_MODES, type NameMode, NamePolicy, type NamePolicyConfig } from "./policy.ts";
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
  /** Of each network the last that was said: one whose interface is away for a moment comes back to what is known. */
  readonly #modes = new Map<string, NameMode>();
  #exclude = NOTHING_EXCLUDED.text;
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

  /** From now on. Returns true if less may be told of names than before: those that were given must be looked at again (`shown`). */
  configure(config: NamePolicyConfig): boolean {
    this.#policy = new NamePolicy(config);
    this.#networks = config.networks.map(({ id }) => id);
    const isStricter = this.#noteModes(config);
    const exclude = config.exclude.text;
    const forget = isStricter || exclude !== this.#exclude;
    this.#exclude = exclude;
    this.names.setPolicy(this.#policy, forget);
    if (this.#running) this.#tap.setInterfaces(this.#policy.interfaces);
    return forget;
  }

  /** How a domain of a network is to be told: null: not at all, EXCLUDED_DOMAIN: nor its flow. One of a network that is not there any more stays as it is. */
  shown(network: string, domain: string): string | null {
    if (!this.#networks.includes(network)) return domain;
    if (this.#policy.isExcludedDomain(domain)) return EXCLUDED_DOMAIN;
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

  /** Returns true if the setting of a network is stricter than it was. */
  #noteModes({ networks, modeOf }: NamePolicyConfig): boolean {
    let isStricter = false;
    for (const { id } of networks) {
      const mode = modeOf(id);
      if (NAME_MODES.indexOf(mode) < NAME_MODES.indexOf(this.#modes.get(id) ?? "full")) isStricter = true;
      this.#modes.set(id, mode);
    }
    return isStricter;
  }
}
