/** A deletion of somebody's records that is under way, or is over. */
import type { EraseReport, TableCount } from "./report.ts";
import type { Subject } from "./subject.ts";

export interface EraseJob {
  readonly id: string;
  readonly requestedMs: number;
  readonly changedMs: number;
  readonly state: "running" | "done";
  readonly who: string;
  readonly subject: Subject;
  readonly progress: {
    /** Names that flows had for it: once the flows are gone, nothing tells them. */
    readonly names: readonly string[];
    /** What there was, before anything of it was deleted. */
    readonly found: readonly TableCount[];
    /** Tables that are through. */
    readonly done: readonly string[];
    readonly tables: number;
  };
  readonly report: EraseReport | null;
  /** Why it has to wait; it is tried again. */
  readonly error: string | null;
}
