/** What is being done right now, so that what happens deep inside of it can be added to its line of the audit log. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Who } from "./entry.ts";

/** What a request adds to its own line. Filled by whoever knows. */
export interface Audited {
  /** Instead of who asked: somebody who has just signed in. */
  who?: Who;
  /** Of what it was done. */
  target?: string;
  readonly details: Record<string, unknown>;
  /** Looked at when all is over: what only then is known. */
  result?: () => Readonly<Record<string, unknown>>;
}

const storage = new AsyncLocalStorage<Audited>();

/** Within `work`, and whatever it begins, this is what is being done. */
export function during<T>(audited: Audited, work: () => T): T {
  return storage.run(audited, work);
}

export interface Changed {
  readonly name: string;
  readonly id: string;
  readonly what: string;
  /** JSON; null: there was none. */
  readonly before: string | null;
  readonly value: string;
}

/** Settings were changed: old and new values become part of the line of whoever did so. */
export function noteChanged(changes: readonly Changed[]): void {
  const audited = storage.getStore();
  if (audited === undefined) return;
  const { changes: before = [] } = audited.details as { changes?: readonly unknown[] };
  audited.details.changes = [
    ...before,
    ...changes.map(({ name, id, what, before, value }) => ({
      name,
      id,
      what,
      before: before === null ? null : (JSON.parse(before) as unknown),
      after: JSON.parse(value) as unknown,
    })),
  ];
}
