/** Work on rows that are stored already. It survives a restart, and may be done by any of several servers, and twice. */

/** Elects the reports again that a reporter's presence decides about. */
export interface ElectionTask {
  readonly kind: "election";
  readonly reporterId: string;
  /** Flows that lived then, ms since 1970. */
  readonly fromMs: number;
  /** Null: until now. */
  readonly toMs: number | null;
  /** Only takes away what does not count any more; whether something counts instead is found out by an election when all rows are there. */
  readonly isProvisional: boolean;
}

/** Names the ends of flows again, and elects. */
export interface ReplayTask {
  readonly kind: "replay";
  /** Of the flows' starts, ms since 1970; `toMs` is not in it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: all. */
  readonly network: string | null;
  /** When the inventory is read, ms since 1970; null: as it was when each flow began. */
  readonly asOfMs: number | null;
  /** Says what would change, and changes nothing. */
  readonly isDryRun: boolean;
}

export type Task = ElectionTask | ReplayTask;
export type JobState = "waiting" | "running" | "done" | "failed";

export interface Progress {
  readonly rowsRead: number;
  readonly rowsChanged: number;
  /** Of those, by whether they counted before and count now. */
  readonly nowPrimary: number;
  readonly noLongerPrimary: number;
  /** The most frequent changes, most frequent first. */
  readonly changes: readonly { readonly what: string; readonly rows: number }[];
  /** How far it is, ms since 1970: rows are read in the order of their starts; null: not begun. */
  readonly atMs: number | null;
}

export const NO_PROGRESS: Progress = {
  rowsRead: 0,
  rowsChanged: 0,
  nowPrimary: 0,
  noLongerPrimary: 0,
  changes: [],
  atMs: null,
};

export interface Job {
  readonly id: string;
  readonly task: Task;
  readonly state: JobState;
  readonly who: string;
  readonly requestedMs: number;
  /** Last sign of life. */
  readonly changedMs: number;
  /** Not to be begun before. */
  readonly dueMs: number;
  /** Which server works, or worked, on it. */
  readonly server: string;
  readonly progress: Progress;
  readonly error: string;
}
