/** Looks at the host now and then, and says when its addresses, tunnels or the way to the server changed. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { parseAddress } from "@flowtrail/model";
import { repeat } from "./clock.ts";
import { type HostInterface, readInterfaces, tunnelPorts } from "./networks-of-host.ts";
import type { TrafficConfig } from "./track/traffic-rules.ts";
import { readWireguard, type WireguardReading } from "./wireguard/wireguard.ts";

export interface HostFacts {
  readonly interfaces: readonly HostInterface[];
  readonly tunnelPorts: readonly number[];
  /** Where the agent uploads to. */
  readonly servers: TrafficConfig["servers"];
}

/** Addresses alone are cheap to look at: what comes up later (a tunnel, a cable) is known from its first second on. */
const ADDRESSES_MS = 1000;
const LOOK_MS = 10_000;
/** However often they change: on a host of containers some interface comes and goes all the time. */
const EARLY_LOOK_MS = 3000;
/** Ports, peers and names are asked for less often: that takes processes and a DNS query. */
const FULL_LOOK_MS = 60_000;

interface HostWatchDeps {
  readonly onChange: (facts: HostFacts) => void;
  /** The system would not tell; it is asked again. */
  readonly onProblem: (error: unknown) => void;
}

interface HostWatchConfig {
  readonly server: URL;
  readonly ports: readonly number[];
  /** How often to look although no address changed. Default: every ten seconds. */
  readonly lookMs?: number;
}

export class HostWatch {
  readonly #config: HostWatchConfig;
  readonly #deps: HostWatchDeps;
  readonly #stop = new AbortController();
  #facts: HostFacts = { interfaces: [], tunnelPorts: [], servers: [] };
  #wireguard: WireguardReading = { interfaces: [], problem: null };
  #lookedMs = 0;
  #fullyLookedMs = Number.NEGATIVE_INFINITY;
  #addresses = "";

  constructor(config: HostWatchConfig, deps: HostWatchDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  get facts(): HostFacts {
    return this.#facts;
  }

  /** Beside the facts: there may be thousands of peers, and they are read once a minute. */
  get wireguard(): WireguardReading {
    return this.#wireguard;
  }

  /** Looks once, then every ten seconds and when the host's addresses changed; `onChange` hears of what is different then. */
  async start(): Promise<void> {
    await this.#look();
    void repeat(
      () => ADDRESSES_MS,
      this.#stop.signal,
      async () => {
        if (await this.#lookIfDue()) this.#deps.onChange(this.#facts);
      },
    );
  }

  async #lookIfDue(): Promise<boolean> {
    try {
      return this.#isDue() && (await this.#look());
    } catch (error) {
      this.#deps.onProblem(error);
      return false;
    }
  }

  #isDue(): boolean {
    const { lookMs = LOOK_MS } = this.#config;
    const sinceMs = performance.now() - this.#lookedMs;
    return sinceMs >= lookMs || (sinceMs >= EARLY_LOOK_MS && addressesNow() !== this.#addresses);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #look(): Promise<boolean> {
    const nowMs = performance.now();
    this.#lookedMs = nowMs;
    // Before the look: what changes while it lasts is looked at again.
    const addresses = addressesNow();
    const interfaces = readInterfaces();
    this.#addresses = addresses;
    const before = this.#facts;
    this.#facts = { ...before, interfaces };
    const isOther = JSON.stringify(interfaces) !== JSON.stringify(before.interfaces);
    // Without its server's address there was no network, most likely.
    const isNeeded = isOther && (before.servers.length === 0 || overlaysOf(interfaces) !== overlaysOf(before.interfaces));
    let haveOtherPeers = false;
    if (isNeeded || nowMs - this.#fullyLookedMs >= FULL_LOOK_MS) {
      this.#fullyLookedMs = nowMs;
      const [ports, servers, wireguard] = await Promise.all([
        tunnelPorts(interfaces, this.#config.ports),
        this.#resolve(),
        readPeers(interfaces),
      ]);
      this.#facts = { interfaces, tunnelPorts: ports, servers };
      haveOtherPeers = JSON.stringify(wireguard) !== JSON.stringify(this.#wireguard);
      this.#wireguard = wireguard;
    }
    return haveOtherPeers || JSON.stringify(this.#facts) !== JSON.stringify(before);
  }

  /** The server's addresses; those known before, if its name can't be resolved now. */
  async #resolve(): Promise<TrafficConfig["servers"]> {
    const { hostname, port, protocol } = this.#config.server;
    const host = hostname.replace(/^\[|\]$/g, "");
    const number = Number(port) || (protocol === "https:" ? 443 : 80);
    try {
      const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true });
      return found.flatMap(({ address }) => {
        const bytes = parseAddress(address);
        return bytes === null ? [] : [{ address: bytes, port: number }];
      });
    } catch {
      return this.#facts.servers; // uploads meet the same trouble, and say so
    }
  }
}

const overlaysOf = (interfaces: readonly HostInterface[]): string => JSON.stringify(interfaces.filter((one) => one.overlay));

/** A host without overlay has none to be read, and most likely no program to ask. */
function readPeers(interfaces: readonly HostInterface[]): Promise<WireguardReading> | WireguardReading {
  const names = interfaces.filter((one) => one.overlay).map((one) => one.name);
  return names.length === 0 ? { interfaces: [], problem: null } : readWireguard(names);
}

/** Of links that are up and run; a link that is up but has no carrier yet is not among them. */
const addressesNow = (): string => JSON.stringify(networkInterfaces());
