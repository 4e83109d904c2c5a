/** Walking through the values of a row: each may be asked for by a key (f, x, e), or opens its menu with Enter. */
import { rowId } from "./row.tsx";

/** Does the focus stand on a value of some row? */
export function isOnValue(): boolean {
  return document.activeElement?.matches("tbody .field-value-text") ?? false;
}

/**
 * Puts the focus on the row's next value, or the one before.
 * @returns false: there is none, or the row is not drawn
 */
export function stepValue(key: string, by: 1 | -1): boolean {
  const row = document.getElementById(rowId(key));
  const values = [...(row?.querySelectorAll<HTMLElement>("td .field-value-text") ?? [])];
  const at = values.findIndex((value) => value.matches(":focus"));
  const next = at < 0 && by < 0 ? undefined : values[at + by];
  next?.focus();
  return next !== undefined;
}
