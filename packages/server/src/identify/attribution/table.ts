/** The holdings of one network, compiled: who had an address at a time, found in some 100 ns without making anything. See order.ts for the rules. */
import type { Holding, InventoryFacts } from "../holding.ts";
import { EXTERNAL, type Participant } from "../lookup.ts";
import { agentSource, isAgents, isCandidate } from "./order.ts";
import { Ranges, wordAt } from "./ranges.ts";
import { better, reignsOf } from "./stretches.ts";
import { type Stretch, Timelines } from "./timelines.ts";
import { WordIndex } from "./word-index.ts";

export interface Answer {
  readonly participant: Participant;
  /** Of the inventory; null: none, or more than one. */
  readonly domain: string | null;
  /** What it follows from; null: nobody had it. */
  readonly holding: Holding | null;
  /** Agents declare it as different nodes': who it is, is a guess. */
  readonly isContested: boolean;
}

const NOBODY: Answer = { participant: EXTERNAL, domain: null, holding: null, isContested: false };
const NONE = -1;
const ADDRESS_BITS = 128;
const V4_MAPPED = 0xffff;

export class AttributionTable {
  /** When anything changes, ms since 1970, ascending: between two of these an address has one holder, and a node one name. */
  readonly #turns: Float64Array;
  readonly #answers: Answer[] = [];
  /** By answer: 1 if an agent declares it. Apart from the answers, as every look-up asks: those are spread over the memory. */
  #declared = new Uint8Array(1024);
  readonly #own = new Map<Holding, number>();
  readonly #ownWithoutDomain = new Map<Holding, number>();
  /** Single addresses of IPv4 (their last word) and IPv6 → numbers of their prefixes. */
  readonly #v4: WordIndex;
  readonly #v6: WordIndex;
  readonly #ranges: Ranges;
  /** The number of the prefix that is range 0; the single addresses come before it. */
  readonly #firstRange: number;
  /** By prefix. */
  readonly #timelines: Timelines;
  /** By prefix, of what several agents declare: what the reporter with this source number told. */
  readonly #contested = new Map<number, ReadonlyMap<number, readonly Holding[]>>();
  readonly #sources = new Map<string, number>();

  constructor({ holdings, nodes }: InventoryFacts) {
    const { addresses, ranges } = groupByPrefix(holdings);
    const v4 = addresses.filter(([{ cidr }]) => cidr.v4);
    this.#v4 = new WordIndex(1, v4.length);
    this.#v6 = new WordIndex(4, addresses.length - v4.length);
    for (const [prefix, [{ cidr }]] of addresses.entries()) {
      const index = cidr.v4 ? this.#v4 : this.#v6;
      for (let i = 0; i < index.key.length; i++) index.key[i] = wordAt(cidr.bytes, 0, cidr.v4 ? 3 : i);
      index.set(prefix);
    }
    this.#firstRange = addresses.length;
    this.#ranges = new Ranges(ranges.map(([{ cidr }]) => cidr));
    const prefixes = [...addresses, ...ranges];
    this.#timelines = new Timelines(prefixes.map((list) => this.#timelineOf(list)));
    for (const [prefix, list] of prefixes.entries()) if (list.length > 1) this.#contest(prefix, list);
    this.#turns = turnsOf([...holdings, ...nodes]);
  }

  /** Of typed arrays. */
  get bytes(): number {
    const parts = [this.#v4, this.#v6, this.#ranges, this.#timelines];
    return parts.reduce((sum, { bytes }) => sum + bytes, this.#turns.byteLength + this.#declared.byteLength);
  }

  /** A number for the stretch of time between two changes of anything in this network. */
  epochAt(atMs: number): number {
    const turns = this.#turns;
    let low = 0;
    let high = turns.length;
    if (high > 0 && (turns[high - 1] ?? 0) <= atMs) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((turns[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The number of a reporter that declares addresses in this network, for `find`; -1: it declares none that others do, too. */
  reporter(reporterId: string): number {
    return this.#sources.get(agentSource(reporterId)) ?? NONE;
  }

  /**
   * Who had the address of 16 bytes at `offset`.
   * @param atMs ms since 1970
   * @param reporter as `reporter` numbers it
   * @returns for `answer`
   */
  find(bytes: Uint8Array, offset: number, atMs: number, reporter: number): number {
    const w0 = wordAt(bytes, offset, 0);
    const w1 = wordAt(bytes, offset, 1);
    const w2 = wordAt(bytes, offset, 2);
    const w3 = wordAt(bytes, offset, 3);
    const v4 = w0 === 0 && w1 === 0 && w2 === V4_MAPPED;
    const address = v4 ? this.#v4.find1(w3) : this.#v6.find4(w0, w1, w2, w3);
    let declared = NONE;
    let answer = address === NONE ? NONE : this.#at(address, atMs, reporter);
    if (answer !== NONE) {
      if (!this.#isDeclared(answer)) return answer;
      declared = answer;
    }
    const { parents } = this.#ranges;
    let range = v4 ? this.#ranges.findV4(w3) : this.#ranges.findV6(w0, w1, w2, w3);
    while (range !== NONE) {
      answer = this.#at(this.#firstRange + range, atMs, reporter);
      if (answer !== NONE) {
        if (!this.#isDeclared(answer)) return declared !== NONE && this.#isUnknown(answer) ? declared : answer;
        if (declared === NONE) declared = answer;
      }
      range = parents[range] ?? NONE;
    }
    return declared;
  }

  #isDeclared(answer: number): boolean {
    return this.#declared[answer] === 1;
  }

  /** Nobody's in particular. */
  #isUnknown(answer: number): boolean {
    return this.#answers[answer]?.holding?.kind === "network";
  }

  answer(found: number): Answer {
    return this.#answers[found] ?? NOBODY;
  }

  #at(prefix: number, atMs: number, reporter: number): number {
    const answer = this.#timelines.at(prefix, atMs);
    return reporter === NONE || answer === NONE ? answer : this.#byReporter(prefix, atMs, reporter, answer);
  }

  /** What the reporter's own declaration makes of it. */
  #byReporter(prefix: number, atMs: number, reporter: number, answer: number): number {
    const known = this.#contested.get(prefix)?.get(reporter);
    if (known === undefined) return answer;
    const holding = this.#answers[answer]?.holding ?? null;
    if (holding === null || !isAgents(holding)) return answer;
    const { kind } = holding;
    let best: Holding | null = null;
    let told: string | null = null;
    let agreed = true;
    for (const holding of known) {
      if (holding.kind !== kind || !isCandidate(holding, atMs)) continue;
      agreed &&= told === null || holding.domain === null || holding.domain === told;
      told ??= holding.domain;
      best = better(best, holding, atMs);
    }
    return best !== null ? this.#ownAnswer(best, agreed ? best.domain : null) : answer;
  }

  #timelineOf(list: HoldingsOfPrefix): Stretch[] {
    return reignsOf(list).map(({ fromMs, holding, domain, isContested }) => {
      if (holding === null) return { fromMs, answer: NONE };
      return { fromMs, answer: this.#add({ participant: holding.participant, domain, holding, isContested }) };
    });
  }

  #add(answer: Answer & { readonly holding: Holding }): number {
    const number = this.#answers.push(answer) - 1;
    if (number === this.#declared.length) {
      const more = new Uint8Array(2 * number);
      more.set(this.#declared);
      this.#declared = more;
    }
    this.#declared[number] = isAgents(answer.holding) ? 1 : 0;
    return number;
  }

  /** Of what is only found out when a reporter asks: made once. */
  #ownAnswer(holding: Holding, domain: string | null): number {
    const made = domain === holding.domain ? this.#own : this.#ownWithoutDomain;
    let answer = made.get(holding);
    if (answer === undefined) {
      answer = this.#add({ participant: holding.participant, domain, holding, isContested: false });
      made.set(holding, answer);
    }
    return answer;
  }

  #contest(prefix: number, list: readonly Holding[]): void {
    const declared = new Map<string, Holding[]>();
    for (const holding of list) {
      if (!isAgents(holding)) continue;
      const own = declared.get(holding.source);
      if (own === undefined) declared.set(holding.source, [holding]);
      else own.push(holding);
    }
    if (declared.size < 2) return;
    const bySource = new Map<number, readonly Holding[]>();
    for (const [source, own] of declared) {
      const number = this.#sources.get(source) ?? this.#sources.size;
      this.#sources.set(source, number);
      bySource.set(number, own);
    }
    this.#contested.set(prefix, bySource);
  }
}

/** At least one, all of the same prefix. */
type HoldingsOfPrefix = [Holding, ...Holding[]];

/** Without default routes. */
function groupByPrefix(holdings: readonly Holding[]): { addresses: HoldingsOfPrefix[]; ranges: HoldingsOfPrefix[] } {
  const seen = new WordIndex(5, holdings.length);
  const lists: HoldingsOfPrefix[] = [];
  for (const holding of holdings) {
    const { bytes, prefixBits, v4 } = holding.cidr;
    if (prefixBits === (v4 ? 96 : 0)) continue;
    for (let i = 0; i < 4; i++) seen.key[i] = wordAt(bytes, 0, i);
    // A range of IPv6 may begin where IPv4's addresses are, and has none of them.
    seen.key[4] = prefixBits * 2 + Number(v4);
    const place = seen.find();
    if (place === NONE) seen.set(lists.push([holding]) - 1);
    else lists[place]?.push(holding);
  }
  const isAddress = ([{ cidr }]: HoldingsOfPrefix) => cidr.prefixBits === ADDRESS_BITS;
  return { addresses: lists.filter(isAddress), ranges: lists.filter((list) => !isAddress(list)) };
}

function turnsOf(facts: readonly Pick<Holding, "fromMs" | "toMs">[]): Float64Array {
  const times = new Float64Array(facts.length * 2);
  for (const [i, { fromMs, toMs }] of facts.entries()) {
    times[i * 2] = fromMs;
    times[i * 2 + 1] = toMs;
  }
  times.sort();
  return times.filter((ms, i) => ms !== times[i - 1] && ms !== Number.POSITIVE_INFINITY);
}
