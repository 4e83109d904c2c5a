/** Where the keys lead to in a list that alerts go out of while one looks at them. */

export interface Step {
  readonly by: 1 | -1;
  /** Of the alert that is looked at; -1: it is no longer in the list. */
  readonly at: number;
  /** Where it was, when it was in the list. */
  readonly wasAt: number;
  readonly count: number;
}

/** One that is gone has left its place to the one behind it. */
export function nextAlert({ by, at, wasAt, count }: Step): number {
  const next = at === -1 ? (by === 1 ? wasAt : wasAt - 1) : at + by;
  return Math.min(Math.max(next, 0), count - 1);
}
