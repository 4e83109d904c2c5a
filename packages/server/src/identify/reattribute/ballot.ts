/** One reporter's election among flows for which its presence may make a difference. */
import type { FlowBatch } from "@flowtrail/model";
import { asBatch, asReported, type Change, type StoredFlow } from "../../store/editions.ts";
import type { NodeRef } from "../lookup.ts";
import { lifeOf } from "../primary.ts";
import type { ElectionDeps } from "./election.ts";
import type { ElectionTask } from "./job.ts";
import type { ReportsThere } from "./reports-there.ts";

export class Ballot {
  readonly task: ElectionTask;
  /** Reporters of which only their rows can tell whether they were there. */
  readonly unclear = new Set<string>();
  /** Flows about which those decide. */
  readonly contested: readonly StoredFlow[];
  readonly #flows: readonly StoredFlow[];
  readonly #deps: Pick<ElectionDeps, "identify" | "roster">;
  /** As they would be elected if it were there, and if not. */
  readonly #present: FlowBatch;
  readonly #absent: FlowBatch;

  constructor(task: ElectionTask, flows: readonly StoredFlow[], deps: Pick<ElectionDeps, "identify" | "roster">) {
    this.task = task;
    this.#flows = flows;
    this.#deps = deps;
    this.#present = this.#fill(flows, true, () => true);
    this.#absent = this.#fill(flows, false, () => true);
    this.contested = this.#findContested();
  }

  /** Two views of which only rows can tell must not both give way to the other one. */
  #findContested(): readonly StoredFlow[] {
    if (this.task.isProvisional || this.unclear.size === 0) return [];
    const strict = this.#fill(this.#flows, false, () => false);
    return this.#flows.filter((_, row) => strict.columns.primary.get(row) !== this.#absent.columns.primary.get(row));
  }

  /** Decides what is contested by what the unclear ones reported of it. */
  settle(reports: ReportsThere): void {
    const { roster } = this.#deps;
    const rows = new Map(this.#flows.map((flow, row) => [flow, row]));
    const isThere = (node: NodeRef, place: number) =>
      roster.reportersOf(node).some((id) => reports.has(id, this.contested[place] as StoredFlow));
    for (const [batch, isPresent] of [
      [this.#present, true],
      [this.#absent, false],
    ] as const) {
      const { rank, primary } = this.#fill(this.contested, isPresent, isThere).columns;
      for (const [place, flow] of this.contested.entries()) {
        const row = rows.get(flow) ?? 0;
        batch.columns.primary.set(row, primary.get(place) ?? false);
        batch.columns.rank.set(row, rank.get(place) ?? 0);
      }
    }
  }

  /** Flows that it decides about and was not expected to see. What it did report counts, whatever it said to cover: it found it when it started, or clocks differ. */
  get missed(): readonly StoredFlow[] {
    return this.task.isProvisional ? [] : this.#flows.filter((_, row) => this.#isDecided(row) && !this.#isCovered(row));
  }

  /** What flows are by its presence. @param own its reports of what it `missed` */
  results(own: ReportsThere): Change[] {
    const { isProvisional, reporterId } = this.task;
    return this.#flows.flatMap((flow, row) => {
      const isCovered = this.#isCovered(row);
      if (!this.#isDecided(row) || (isProvisional && !isCovered)) return [];
      const primary = !isCovered && !own.has(reporterId, flow);
      return [{ flow, set: { primary, rank: this.#absent.columns.rank.get(row) ?? 0 } }];
    });
  }

  /** Where it makes no difference others decide, and have elections of their own. */
  #isDecided(row: number): boolean {
    return this.#absent.columns.primary.get(row) === true && this.#present.columns.primary.get(row) === false;
  }

  #isCovered(row: number): boolean {
    return this.#deps.roster.covers(this.task.reporterId, lifeOf(this.#absent, row));
  }

  #fill(flows: readonly StoredFlow[], isPresent: boolean, isThere: (node: NodeRef, row: number) => boolean): FlowBatch {
    const { identify, roster } = this.#deps;
    const batch = asBatch(flows, asReported);
    identify.fill(batch, (node, life, row) => {
      if (roster.isReporter(node, this.task.reporterId)) return isPresent;
      const presence = roster.presence(node, life);
      if (presence !== "unclear") return presence === "yes";
      for (const id of roster.reportersOf(node)) this.unclear.add(id);
      return isThere(node, row);
    });
    return batch;
  }
}
