/** Filters of somebody who may see everything, for tests. */
import { type Filter, parseFilter } from "@flowtrail/model";
import { further, type Narrowed, NOT_NARROWED } from "./narrowed.ts";

export function askedByAll(filter: Filter): Narrowed {
  return further(NOT_NARROWED, filter);
}

export function parseForAll(text: string): Narrowed {
  return askedByAll(parseFilter(text));
}
