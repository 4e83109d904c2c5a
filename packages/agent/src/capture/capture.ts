/** The stage: tracking on, switches set, events flowing, and all of it undone at the end. */
import { CaptureError } from "./errors.ts";
import { NetlinkConntrackSource, type NetlinkSourceConfig } from "./netlink-source.ts";
import type { CaptureStats, ConntrackListener, ConntrackSource } from "./source.ts";
import { ConntrackSysctls, type SysctlFinding } from "./sysctl.ts";
import { TrackingTable } from "./tracking.ts";

export interface CaptureConfig extends Partial<NetlinkSourceConfig> {
  /** Remembers the kernel's settings from before us. One per network namespace, shared by all agents in it: see sysctl.ts. */
  sysctlStatePath: string;
  /** False: somebody else's rules switch connection tracking on. */
  tracking: boolean;
}

export interface RestoreResult {
  /** Tables of other agents that still need the switches; then nothing was put back. */
  others: string[];
  failed: { name: string; problem: string }[];
}

/** A ConntrackSource that also looks after what it needs of the kernel. */
export class ConntrackCapture implements ConntrackSource {
  readonly #config: CaptureConfig;
  readonly #source: NetlinkConntrackSource;
  readonly #sysctls: ConntrackSysctls;
  #table: TrackingTable | undefined;
  #restored: RestoreResult | undefined;

  constructor(config: CaptureConfig, now: () => number = Date.now) {
    this.#config = config;
    this.#source = new NetlinkConntrackSource(config, now);
    this.#sysctls = new ConntrackSysctls(config.sysctlStatePath);
  }

  get stats(): Readonly<CaptureStats> {
    return this.#source.stats;
  }

  /** The switches as they were found and as they are. */
  get findings(): readonly SysctlFinding[] {
    return this.#sysctls.findings;
  }

  /** Name of our nftables table; empty if there is none. */
  get tableName(): string {
    return this.#table?.name ?? "";
  }

  /** What `stop` did about the switches. */
  get restored(): RestoreResult | undefined {
    return this.#restored;
  }

  /** @throws CaptureError with what to do about it */
  async start(listener: ConntrackListener): Promise<void> {
    // First: without privileges this fails before anything is changed, and connections that begin from here on have their events kept for us.
    this.#source.subscribe();
    try {
      this.#sysctls.locked(() => this.#prepare());
      await this.#source.start(listener);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  dump(): Promise<void> {
    return this.#source.dump();
  }

  refresh(...args: Parameters<ConntrackSource["refresh"]>): boolean {
    return this.#source.refresh(...args);
  }

  async stop(): Promise<void> {
    await this.#source.stop();
    try {
      this.#sysctls.locked(() => {
        const others = this.#table?.others() ?? [];
        this.#restored = { others, failed: others.length === 0 ? this.#sysctls.restore() : [] };
        this.#table?.close();
      });
    } finally {
      this.#table?.close();
      this.#table = undefined;
    }
  }

  /** The table comes first, so that an agent that stops now sees that we need the switches; its rule last, so that no connection is tracked without counters. */
  #prepare(): void {
    this.#table = this.#claim();
    const available = this.#sysctls.available();
    if (available) this.#sysctls.set();
    if (this.#config.tracking) this.#table?.enable();
    // Where conntrack is a module, the rule has loaded it.
    if (!available) this.#sysctls.set();
  }

  #claim(): TrackingTable | undefined {
    const table = new TrackingTable();
    try {
      table.claim();
      return table;
    } catch (error) {
      // Without nf_tables other agents can't see us; that is all that is lost when somebody else does the tracking.
      if (!this.#config.tracking && error instanceof CaptureError && error.code === "CAPTURE_NO_TRACKING") return undefined;
      throw error;
    }
  }
}
