/** Which agents there are: who is enrolled, who spoke when, and which flows each can be expected to report. */
import type { CoverageNote } from "../receive/ports.ts";
import { Coverage, type CoverageChange, type CoverageState } from "./coverage.ts";

export interface RosterDeps {
  readonly now: () => number;
  /** Nodes that have, or had, an agent token. */
  readonly enrolled: () => Promise<readonly Enrolment[]>;
  /** Is a reporter itself a node of the inventory, another one than this? */
  readonly isOther: (reporterId: string, node: NodeNames) => boolean;
  /** Flows that ended before it are not kept. */
  readonly oldestMs: (nowMs: number) => number;
}

export interface Heard {
  readonly reporterId: string;
  readonly reporter: string;
  readonly lastMs: number;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** An agent of Netmaker's: it speaks only when a flow begins or ends. */
  readonly isNetmaker?: boolean;
}

/** A node that got a token for its agent. */
export interface Enrolment {
  readonly node: string;
  /** What it was called then. */
  readonly name: string;
  readonly createdMs: number;
  /** When the token was taken back; null: it was not. */
  readonly revokedMs: number | null;
}

/** A node, as those name it who ask for its agent. */
export interface NodeNames {
  readonly id: string;
  readonly name: string;
  readonly host?: string;
}

interface Lived {
  readonly startMs: number;
  /** Infinity while it is open. */
  readonly endMs: number;
}

export type Presence = "yes" | "unclear" | "no";

/** What became different of a reporter: reports of flows that lived then are to be elected again. */
export interface RosterChange extends CoverageChange {
  readonly reporterId: string;
}

/** A silent agent's spool may still come, but not for ever. */
const GIVEN_UP_MS = 24 * 3_600_000;
/** While this server was away nobody could be heard of: so long after a start nobody is given up for silence. */
const START_GRACE_MS = 3_600_000;
/** Clocks of two nodes differ, and a flow reaches the second one later. */
const SLACK_MS = 5_000;
/**
 * How long after a flow's end its conntrack entry may still be there (nf_conntrack_tcp_timeout_time_wait 120 s, udp_timeout_stream
 * 180 s): an agent that starts within that time finds it and reports it.
 */
export const LINGER_MS = 180_000;
/** Longer than an agent takes to deliver what it has. */
const RECENT_MS = 600_000;
const MAX_REPORTERS = 100_000;

type OwnCoverage = [reporterId: string, coverage: Coverage];

function presenceOf(coverages: readonly OwnCoverage[], startMs: number, endMs: number): Presence {
  if (coverages.some(([, coverage]) => coverage.expects(startMs, endMs))) return "yes";
  return coverages.some(([, coverage]) => coverage.expects(startMs - SLACK_MS, endMs + LINGER_MS)) ? "unclear" : "no";
}

export class Roster {
  readonly #deps: RosterDeps;
  readonly #silentAfterMs: () => number;
  readonly #netmakerSilentAfterMs: () => number;
  readonly #startedMs: number;
  /** By node. */
  readonly #enrolled = new Map<string, Enrolment>();
  readonly #removed = new Set<string>();
  readonly #heard = new Map<string, Heard>();
  /** By reporter id. */
  readonly #coverages = new Map<string, Coverage>();
  /** Ids by the names that they go under. */
  readonly #ids = new Map<string, string>();
  readonly #dirty = new Set<string>();
  #changes: RosterChange[] = [];
  /** By reporter: flows of which only the rows tell whether it reported them. */
  readonly #unclear = new Map<string, { fromMs: number; toMs: number }>();

  /** @param config.silentAfterMs three update intervals; `netmakerSilentAfterMs`: of reporters that tell no updates, default the same */
  constructor(config: { silentAfterMs: () => number; netmakerSilentAfterMs?: number }, deps: RosterDeps) {
    this.#silentAfterMs = config.silentAfterMs;
    const { netmakerSilentAfterMs } = config;
    this.#netmakerSilentAfterMs = netmakerSilentAfterMs === undefined ? config.silentAfterMs : () => netmakerSilentAfterMs;
    this.#deps = deps;
    this.#startedMs = deps.now();
  }

  /** What earlier runs heard. */
  load(heard: readonly Heard[]): void {
    for (const one of heard) this.note(one);
  }

  /** What earlier runs knew of a reporter's coverage. */
  loadCoverage(reporterId: string, state: CoverageState): void {
    this.#coverages.set(reporterId, new Coverage(state.name, state));
    this.#ids.set(state.name, reporterId);
  }

  /** Looks up who is enrolled now: other servers enrol, too. @throws StoreError */
  async refresh(): Promise<void> {
    const enrolled = await this.#deps.enrolled();
    this.#enrolled.clear();
    this.#removed.clear();
    for (const one of enrolled) if (one.revokedMs === null) this.enrol(one);
    for (const { node, revokedMs } of enrolled) if (revokedMs !== null && !this.#enrolled.has(node)) this.#removed.add(node);
  }

  /** From now on its agent is expected to report. */
  enrol(enrolment: Pick<Enrolment, "node" | "name" | "createdMs">): void {
    const { node, name, createdMs } = enrolment;
    if (createdMs >= (this.#enrolled.get(node)?.createdMs ?? 0)) this.#enrolled.set(node, { ...enrolment, revokedMs: null });
    this.#removed.delete(node);
    // Whoever got it long ago and never spoke is given up already.
    if (!this.#coverages.has(node) && createdMs < this.#deps.now() - GIVEN_UP_MS) return;
    this.#changed(node, this.#coverage(node, name)?.enrol(createdMs) ?? []);
  }

  /** Has this node's agent a token? */
  hasToken(nodeId: string): boolean {
    return this.#enrolled.has(nodeId);
  }

  /** Something was heard of a reporter. */
  note(heard: Heard): void {
    const before = this.#heard.get(heard.reporterId);
    if (before === undefined && this.#heard.size >= MAX_REPORTERS) return;
    if (before === undefined || heard.lastMs >= before.lastMs) this.#heard.set(heard.reporterId, heard);
  }

  /** Will a reporter be expected for a time, by this delivery, for which it is not yet? */
  isNews(note: CoverageNote): boolean {
    return this.#coverages.get(note.reporterId)?.isNews(note, this.#deps.oldestMs(note.receivedMs)) ?? true;
  }

  /** A delivery of a reporter: any number of times, in any order. */
  cover(note: CoverageNote): void {
    const coverage = this.#coverage(note.reporterId, note.reporter);
    if (coverage === null) return;
    const before = coverage.name;
    const changes = coverage.note(note, this.#deps.oldestMs(note.receivedMs));
    if (coverage.name !== before && this.#ids.get(before) === note.reporterId) this.#ids.delete(before);
    this.#ids.set(coverage.name, note.reporterId);
    this.#dirty.add(note.reporterId);
    this.#changed(note.reporterId, changes);
  }

  /** A reporter has other addresses since this delivery: it is to report flows of which that was not known. */
  move({ reporterId, coveredFromMs, receivedMs }: CoverageNote): void {
    const fromMs = Math.min(receivedMs, Math.max(this.#deps.oldestMs(receivedMs), coveredFromMs ?? receivedMs));
    const span = { fromMs, toMs: Number.POSITIVE_INFINITY };
    this.#changes.push({ reporterId, kind: "covered", span });
  }

  /** Gives up on what can't come any more, and forgets what is older than `oldestMs`. */
  review(oldestMs: number): void {
    const nowMs = this.#deps.now();
    const givenUpMs = nowMs - this.#startedMs < START_GRACE_MS ? Number.NEGATIVE_INFINITY : nowMs - GIVEN_UP_MS;
    for (const [id, coverage] of this.#coverages) {
      const enrolledMs = this.#enrolled.get(id)?.createdMs ?? null;
      this.#changed(id, coverage.review(nowMs, givenUpMs, this.#removed.has(id), enrolledMs));
      coverage.forget(oldestMs);
    }
  }

  /** Is there anything for `takeChanges` that should not wait? */
  get hasChanges(): boolean {
    return this.#changes.some(({ kind }) => kind !== "longer");
  }

  /** What became different since the last call. */
  takeChanges(): RosterChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Flows of which it could not be told whether a reporter saw them, since the last call: its own rows will tell. */
  takeUnclear(): { reporterId: string; fromMs: number; toMs: number }[] {
    const unclear = [...this.#unclear].map(([reporterId, span]) => ({ reporterId, ...span }));
    this.#unclear.clear();
    return unclear;
  }

  /**
   * The same after a restart: what an earlier run was told last, and had not asked about, when it was killed. It began or ended near the edges of
   * reporters' gaps of that time.
   */
  unclearBefore(): { reporterId: string; fromMs: number; toMs: number }[] {
    const lastMs = Math.max(0, ...[...this.#coverages.values()].map(({ heardMs }) => heardMs));
    return [...this.#coverages].flatMap(([reporterId, { gaps }]) =>
      gaps
        .flatMap(({ fromMs, toMs }) => [fromMs, toMs])
        .filter((edgeMs) => Number.isFinite(edgeMs) && edgeMs >= lastMs - RECENT_MS)
        .map((edgeMs) => ({ reporterId, fromMs: edgeMs - LINGER_MS, toMs: edgeMs + SLACK_MS })),
    );
  }

  /** Coverages that changed since the last call. */
  takeDirty(): { reporterId: string; state: CoverageState }[] {
    const dirty = [...this.#dirty].flatMap((reporterId) => {
      const coverage = this.#coverages.get(reporterId);
      return coverage === undefined ? [] : [{ reporterId, state: coverage.state }];
    });
    this.#dirty.clear();
    return dirty;
  }

  /** Their coverage could not be stored: next time. */
  putBack(reporterIds: readonly string[]): void {
    for (const id of reporterIds) this.#dirty.add(id);
  }

  /** Reporters that something was heard of within three update intervals. */
  ids(): readonly string[] {
    return [...this.#heard.keys()].filter((id) => this.has(id));
  }

  has(reporterId: string): boolean {
    const heard = this.#heard.get(reporterId);
    const patienceMs = heard?.isNetmaker === true ? this.#netmakerSilentAfterMs() : this.#silentAfterMs();
    return (heard?.lastMs ?? 0) >= this.#deps.now() - patienceMs;
  }

  /**
   * Will this node's agent report a flow that lived then? `unclear`: its coverage begins or ends so near that only its rows can tell.
   */
  presence(node: NodeNames, { startMs, endMs }: Lived): Presence {
    return presenceOf(this.#coveragesOf(node), startMs, endMs);
  }

  /** As `presence`. What is unclear is taken for a yes, and the flow's reports are elected again when the rows are there. */
  expects(node: NodeNames, lived: Lived): boolean {
    return this.#expects(this.#coveragesOf(node), lived);
  }

  /** The same for a while in which nothing changes, such as the rows of a batch: whose agents are a node's is found out once. */
  expectations(): (node: NodeNames, lived: Lived) => boolean {
    const coverages = new Map<NodeNames, readonly OwnCoverage[]>();
    return (node, lived) => {
      let own = coverages.get(node);
      if (own === undefined) {
        own = this.#coveragesOf(node);
        coverages.set(node, own);
      }
      return this.#expects(own, lived);
    };
  }

  #expects(coverages: readonly OwnCoverage[], { startMs, endMs }: Lived): boolean {
    const presence = presenceOf(coverages, startMs, endMs);
    if (presence === "unclear") {
      const [fromMs, toMs] = [startMs - SLACK_MS, endMs + LINGER_MS];
      for (const [id] of coverages) {
        const known = this.#unclear.get(id);
        this.#unclear.set(id, { fromMs: Math.min(fromMs, known?.fromMs ?? fromMs), toMs: Math.max(toMs, known?.toMs ?? toMs) });
      }
    }
    return presence !== "no";
  }

  /** What is known of each reporter's coverage, by its id. */
  get coverages(): ReadonlyMap<string, Coverage> {
    return this.#coverages;
  }

  /** Its token was taken back: nobody waits for it. */
  isRemoved(reporterId: string): boolean {
    return this.#removed.has(reporterId);
  }

  /** Did this reporter cover some of that time, by what it declared alone? */
  covers(reporterId: string, { startMs, endMs }: Lived): boolean {
    return this.#coverages.get(reporterId)?.expects(startMs, endMs) ?? false;
  }

  /** Is that node's agent this reporter? */
  isReporter(node: NodeNames, reporterId: string): boolean {
    return this.#reporters(node).has(reporterId);
  }

  /** Ids under which a node's agent may report. */
  reportersOf(node: NodeNames): readonly string[] {
    return [...this.#reporters(node)];
  }

  /** Its name may be the id of a token that is older than the inventory. */
  #reporters(node: NodeNames): Set<string> {
    const { id, name, host = id } = node;
    const ids = new Set([id, host]);
    for (const word of [name, this.#ids.get(id), this.#ids.get(name)]) {
      // Two nodes may have one name.
      if (word !== undefined && !ids.has(word) && !this.#deps.isOther(word, node)) ids.add(word);
    }
    return ids;
  }

  #coveragesOf(node: NodeNames): OwnCoverage[] {
    return [...this.#reporters(node)].flatMap((id) => {
      const coverage = this.#coverages.get(id);
      return coverage === undefined ? [] : [[id, coverage]];
    });
  }

  #coverage(reporterId: string, name: string): Coverage | null {
    let coverage = this.#coverages.get(reporterId);
    if (coverage === undefined) {
      if (this.#coverages.size >= MAX_REPORTERS) return null;
      coverage = new Coverage(name);
      this.#coverages.set(reporterId, coverage);
      this.#ids.set(name, reporterId);
    }
    return coverage;
  }

  #changed(reporterId: string, changes: readonly CoverageChange[]): void {
    if (changes.length === 0) return;
    this.#dirty.add(reporterId);
    this.#changes.push(...changes.map((change) => ({ reporterId, ...change })));
  }
}
