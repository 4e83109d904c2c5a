import { FILTER_FIELDS } from "@flowtrail/model";

const NAMES = new Set(FILTER_FIELDS.map(({ name }) => name));

/** Of the filter language: watchers tell things apart by others, too. */
export function isField(name: string): boolean {
  return NAMES.has(name);
}
