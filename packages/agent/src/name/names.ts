/** What each client asked for and what each connection said itself; and when the tracker asks about a flow, which of it is to be believed. */
import { type Cidr, cidrContains, isLoopback, NOTHING_EXCLUDED, secondLevel } from "@flowtrail/model";
import type { PacketListener } from "../capture/packets/tap.ts";
import { TCP, UDP } from "../track/codes.ts";
import { FlowKey } from "../track/flow-key.ts";
import { EXCLUDED_DOMAIN, type FlowNames, type FoundName, type NamedFlow } from "../track/flow-names.ts";
import { AwaitedFlows } from "./awaited.ts";
import { DnsCache } from "./dns-cache.ts";
import { type NameListener, PacketReader } from "./packet-reader.ts";
import { NamePolicy } from "./policy.ts";
import { type NameStats, newNameStats } from "./stats.ts";
import { type TupleName, TupleNames } from "./tuple-names.ts";

/** A connection's first packet and its entry in the kernel have stamps of one clock, made microseconds apart. */
const STAMP_SLACK_MS = 20;
/** … but where the kernel makes none, `start` is when we heard of it. */
const ARRIVAL_SLACK_MS = 5000;
const SWEEP_MS = 10_000;
/** More than that are not looked for in the cache one by one. */
const MANY_RANGES = 64;
/** In the place of a client: this host, by whatever address, as its stub resolver asks on behalf of all its programs. */
const SELF = new Uint8Array(16);
const DESTINATION = 16;

export const NO_POLICY = new NamePolicy({ networks: [], modeOf: () => "off", interfaces: [], exclude: NOTHING_EXCLUDED });

export class Names implements FlowNames {
  /** Where the tap's packets go. */
  readonly packets: PacketListener;
  readonly #reader: PacketReader;
  readonly #stats = newNameStats();
  readonly #dns = new DnsCache();
  readonly #told = new TupleNames();
  readonly #awaited = new AwaitedFlows();
  readonly #translated = new FlowKey();
  #policy = NO_POLICY;
  #sweptMs = 0;

  /** @param monotonicMs a clock that does not go back */
  constructor(monotonicMs: () => number) {
    const listener: NameListener = {
      onAnswer: (...answer) => this.#onAnswer(...answer),
      onName: (tuple, name) => {
        if (this.#told.add(tuple, name)) this.#awaited.tell(tuple);
      },
    };
    this.#reader = new PacketReader(this.#policy, this.#stats, listener, monotonicMs);
    this.packets = this.#reader;
  }

  get stats(): Readonly<NameStats> {
    this.#reader.count();
    this.#stats.cacheEntries = this.#dns.size;
    this.#stats.cacheBytes = this.#dns.bytes;
    this.#stats.cacheEvicted = this.#dns.evicted;
    this.#stats.waiting = this.#told.size;
    return this.#stats;
  }

  /** From now on. @param forget whoever's names may now be less known than before: all that is known is forgotten */
  setPolicy(policy: NamePolicy, forget: boolean): void {
    this.#policy = policy;
    this.#reader.setPolicy(policy);
    if (!forget) return;
    this.#dns.clear();
    this.#told.clear();
  }

  /** These addresses are no longer whose they were: what was asked by them says nothing of who has them next. */
  forgetClients(ranges: readonly Cidr[]): void {
    if (ranges.length > MANY_RANGES) this.#dns.clear();
    else if (ranges.length > 0) this.#dns.forgetClients((client) => ranges.some((range) => cidrContains(range, client)));
  }

  excludesIn(network: string): boolean {
    return this.#policy.excludesDomains && this.#policy.modeOf(network) !== "off";
  }

  look(flow: NamedFlow, found: FoundName): boolean {
    const mode = this.#policy.modeOf(flow.network);
    if (mode === "off") return false;
    this.#reader.settle();
    const { key } = flow;
    const told = this.#toldBy(flow);
    if (told === null || told.partial || told.source === "http") this.#await(flow);
    this.#believe(told, this.#clientOf(key.bytes), key.bytes, flow.startMs, found);
    if (mode === "second-level" && found.domain !== null && found.domain !== EXCLUDED_DOMAIN)
      found.domain = secondLevel(found.domain);
    return found.domain !== null || found.app !== null;
  }

  takeLate(visit: (slot: number, idLow: number, idHigh: number) => void): void {
    this.#awaited.take(visit);
  }

  /** Forgets what is out of date; now and then, however often it is called. @param nowMs ms since 1970 */
  sweep(nowMs: number): void {
    this.#reader.settle();
    if (Math.abs(nowMs - this.#sweptMs) < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    this.#dns.sweep(nowMs);
    this.#told.sweep(nowMs);
    this.#reader.sweep(nowMs);
  }

  #onAnswer(client: Uint8Array, name: string, addresses: Uint8Array, ttlsS: readonly number[], atMs: number): void {
    const asker = this.#clientOf(client);
    for (let i = 0; i < ttlsS.length; i++) {
      if (this.#policy.isExcluded(addresses, i * 16)) this.#stats.excluded++;
      else this.#dns.add(asker, addresses, i * 16, name, atMs, ttlsS[i]!);
    }
  }

  /** The precedence of names: what this very connection said, what its client asked for, an outer name. */
  #believe(told: TupleName | null, client: Uint8Array, bytes: Uint8Array, startMs: number, found: FoundName): void {
    const asked = this.#dns.look(client, bytes, DESTINATION, startMs);
    found.domain = told?.domain ?? null;
    found.source = found.domain === null ? null : (told?.source ?? null);
    found.app = told?.app ?? null;
    found.outer = false;
    if (told?.ech || told?.partial) {
      // What is still missing of a hello may tell that it is an encrypted one. Browsers send a fake encrypted hello to servers that have none (RFC 9849 §6.2). A name that this client looked up for this
      // address is no provider's outer name.
      const confirmed = found.domain !== null && this.#dns.has(client, bytes, DESTINATION, startMs, found.domain);
      found.outer = found.domain !== null && !confirmed;
      if (told.ech && !confirmed) found.app = found.app === null ? "ech" : `${found.app}+ech`;
    }
    if (asked !== null && (found.domain === null || found.outer)) {
      found.domain = asked;
      found.source = "dns";
      found.outer = false;
    }
    if (found.outer && told?.ech) this.#stats.echOuter++;
  }

  #toldBy(flow: NamedFlow): TupleName | null {
    const fromMs = flow.startMs - (flow.startExact ? STAMP_SLACK_MS : ARRIVAL_SLACK_MS);
    const toMs = flow.endMs + STAMP_SLACK_MS;
    const told = this.#told.best(flow.key, fromMs, toMs);
    if (told !== null || flow.translated === null) return told;
    return this.#told.best(this.#translatedTuple(flow), fromMs, toMs);
  }

  #await(flow: NamedFlow): void {
    const { protocol } = flow.key;
    if (protocol !== TCP && protocol !== UDP) return;
    this.#awaited.add(flow.key, flow);
    if (flow.translated !== null) this.#awaited.add(this.#translatedTuple(flow), flow);
  }

  /** As its packets look where they were translated: on the interface that they leave by. */
  #translatedTuple({ key, translated, translatedSrcPort, translatedDstPort }: NamedFlow): FlowKey {
    const tuple = this.#translated;
    if (translated !== null) tuple.bytes.set(translated);
    tuple.first = translatedSrcPort;
    tuple.second = translatedDstPort;
    tuple.protocol = key.protocol;
    return tuple;
  }

  #clientOf(address: Uint8Array): Uint8Array {
    return isLoopback(address) || this.#policy.isOwn(address) ? SELF : this.#policy.clientOf(address);
  }
}
