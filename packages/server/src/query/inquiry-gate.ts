/** A few at a time, the others in a bounded queue: whoever has least under way comes first, so that one asker's many do not hold up the rest. */
import { tooBusy } from "./inquiry-errors.ts";

export interface GateConfig {
  /** Most that are under way at once. */
  readonly slots: number;
  /** Most that wait, of all askers and of each. */
  readonly maxWaiting: number;
  readonly maxWaitingEach: number;
  /** Whoever waits so long is sent away. */
  readonly maxWaitMs: number;
  /** What waits here, for people. */
  readonly what: string;
}

interface Waiting {
  readonly who: string;
  readonly goesOn: boolean;
  readonly admit: () => void;
}

/** Askers whose last turn is remembered at least: with those that ask now there are seldom more. */
const REMEMBERED = 1000;

export class Gate {
  readonly #config: GateConfig;
  /** In the order in which they came. */
  #queue: Waiting[] = [];
  readonly #underWay = new Map<string, number>();
  /** When each asker was last admitted: among equals the one that waited longest for its turn. */
  #turn = 0;
  readonly #lastTurn = new Map<string, number>();
  #taken = 0;
  #refused = 0;

  constructor(config: GateConfig) {
    this.#config = config;
  }

  get stats(): { readonly underWay: number; readonly waiting: number; readonly refused: number } {
    return { underWay: this.#taken, waiting: this.#queue.length, refused: this.#refused };
  }

  /** Askers that are known: those under way, those that wait, and some that were here. */
  get askers(): number {
    return this.#lastTurn.size;
  }

  /**
   * Waits for a turn.
   * @param who asks: turns are shared out between askers, not between questions
   * @param goesOn belongs to what had its turn already: it comes before what has not begun, so that those who came first are done first
   * @returns what gives the place back, to be called once
   * @throws QuestionError QUERY_BUSY; the signal's reason
   */
  async enter(who: string, signal: AbortSignal, goesOn = false): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.#config.slots) return this.#take(who, goesOn);
    const { maxWaiting, maxWaitingEach } = this.#config;
    const own = this.#queue.filter((waiting) => waiting.who === who).length;
    if (this.#queue.length >= maxWaiting || own >= maxWaitingEach) throw this.#refuse();
    await this.#wait(who, goesOn, signal);
    return this.#release(who);
  }

  #wait(who: string, goesOn: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        signal.removeEventListener("abort", leave);
        clearTimeout(timer);
        then();
      };
      const leave = () => settle(() => reject(signal.reason));
      const timer = setTimeout(() => settle(() => reject(this.#refuse())), this.#config.maxWaitMs);
      const waiting: Waiting = { who, goesOn, admit: () => settle(resolve) };
      this.#queue.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #take(who: string, goesOn: boolean): () => void {
    this.#taken++;
    this.#underWay.set(who, (this.#underWay.get(who) ?? 0) + 1);
    if (!goesOn) this.#lastTurn.set(who, this.#turn++);
    this.#forgetIdle();
    return this.#release(who);
  }

  /** Each session is an asker of its own. Whoever is forgotten comes as somebody new, which is no disadvantage. */
  #forgetIdle(): void {
    const { slots, maxWaiting } = this.#config;
    // Twice those that can't be forgotten: most of them go each time.
    if (this.#lastTurn.size <= Math.max(REMEMBERED, 2 * (slots + maxWaiting))) return;
    const waiting = new Set(this.#queue.map(({ who }) => who));
    for (const who of this.#lastTurn.keys()) if (!this.#underWay.has(who) && !waiting.has(who)) this.#lastTurn.delete(who);
  }

  #release(who: string): () => void {
    return () => {
      this.#taken--;
      const left = (this.#underWay.get(who) ?? 1) - 1;
      if (left > 0) this.#underWay.set(who, left);
      else this.#underWay.delete(who);
      this.#next();
      if (this.#taken === 0) this.#lastTurn.clear();
    };
  }

  #next(): void {
    const rank = ({ who, goesOn }: Waiting) => [this.#underWay.get(who) ?? 0, goesOn ? 0 : 1, this.#lastTurn.get(who) ?? -1];
    const first = this.#queue.reduce<Waiting | null>(
      (best, waiting) => (best === null || isBefore(rank(waiting), rank(best)) ? waiting : best),
      null,
    );
    if (first === null) return;
    this.#take(first.who, first.goesOn);
    first.admit();
  }

  #refuse() {
    this.#refused++;
    return tooBusy(this.#config.maxWaitMs, this.#config.what);
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
