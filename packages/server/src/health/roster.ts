/** Which agents there are: who is enrolled, who spoke when, since when each covers its node's flows. */

export interface RosterDeps {
  readonly now: () => number;
  /** Nodes that have a valid agent token. */
  readonly enrolled: () => Promise<readonly Enrolment[]>;
}

export interface Heard {
  readonly reporterId: string;
  readonly reporter: string;
  readonly lastMs: number;
  /** Beginning of what it ever declared to cover; null: it declares nothing. */
  readonly coveredFromMs: number | null;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

/** A node that got a token for its agent. */
export interface Enrolment {
  readonly node: string;
  /** What it was called then. */
  readonly name: string;
  readonly createdMs: number;
}

/** A silent agent's spool may still come, but not for ever. */
const GIVEN_UP_MS = 24 * 3_600_000;

export class Roster {
  readonly #deps: RosterDeps;
  readonly #silentAfterMs: number;
  /** By id and by name. */
  readonly #enrolled = new Map<string, Enrolment>();
  readonly #heard = new Map<string, Heard>();

  /** @param config.silentAfterMs three update intervals */
  constructor(config: { silentAfterMs: number }, deps: RosterDeps) {
    this.#silentAfterMs = config.silentAfterMs;
    this.#deps = deps;
  }

  /** What earlier runs heard. */
  load(heard: readonly Heard[]): void {
    for (const one of heard) this.note(one);
  }

  /** Looks up who is enrolled now: other servers enrol, too. @throws StoreError */
  async refresh(): Promise<void> {
    const enrolled = await this.#deps.enrolled();
    this.#enrolled.clear();
    for (const one of enrolled) this.enrol(one);
  }

  /** From now on its agent is expected to report. */
  enrol(enrolment: Enrolment): void {
    this.#enrolled.set(enrolment.node, enrolment);
    this.#enrolled.set(enrolment.name, enrolment);
  }

  /** Something was heard of a reporter. */
  note(heard: Heard): void {
    const before = this.#heard.get(heard.reporterId);
    const newer = before === undefined || heard.lastMs >= before.lastMs ? heard : before;
    this.#heard.set(heard.reporterId, { ...newer, coveredFromMs: earliest(heard.coveredFromMs, before?.coveredFromMs ?? null) });
  }

  /** Reporters that something was heard of within three update intervals. */
  ids(): readonly string[] {
    return [...this.#heard.keys()].filter((id) => this.has(id));
  }

  has(reporterId: string): boolean {
    return (this.#heard.get(reporterId)?.lastMs ?? 0) >= this.#deps.now() - this.#silentAfterMs;
  }

  /** Will this node's agent report a flow that was last seen then? Silence is no reason to think it won't, for a day. */
  expects(node: { readonly id: string; readonly name: string }, life: { readonly endMs: number }): boolean {
    const givenUpMs = this.#deps.now() - GIVEN_UP_MS;
    const heard = this.#heard.get(node.id) ?? this.#heard.get(node.name);
    if (heard !== undefined && heard.lastMs >= givenUpMs)
      return heard.coveredFromMs === null || life.endMs >= heard.coveredFromMs;
    const enrolled = this.#enrolled.get(node.id) ?? this.#enrolled.get(node.name);
    return enrolled !== undefined && heard === undefined && enrolled.createdMs >= givenUpMs;
  }
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
