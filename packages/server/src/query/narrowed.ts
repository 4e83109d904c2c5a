/**
 * What somebody may see, as a filter: the one place where a scope becomes one. Whatever asks about flows takes a `Narrowed`, which
 * nothing else makes, so that no route can ask for more.
 */
import { allFilters, anyFilter, type Filter } from "@flowtrail/model";
import { type Scope, WHOLE } from "../auth/identity.ts";
import { columnIs } from "./filters.ts";

declare const narrowedBy: unique symbol;

/** What was asked for AND what whoever asks may see. */
export type Narrowed = Filter & { readonly [narrowedBy]: true };

export function narrowed(scope: Scope, asked: Filter): Narrowed {
  return allFilters([asked, scopeFilter(scope)]) as Narrowed;
}

/** Fewer of them. */
export function further(narrowed: Narrowed, asked: Filter): Narrowed {
  return allFilters([narrowed, asked]) as Narrowed;
}

function scopeFilter({ networks, own }: Scope): Filter {
  return allFilters([
    ...(networks === null ? [] : [columnIs("network", networks)]),
    ...(own === null ? [] : [anyFilter([isUser("src", own), isUser("dst", own)])]),
  ]);
}

/** As rows name the user. A config file's row does not tell whose it is. */
const isUser = (end: "src" | "dst", name: string) =>
  allFilters([columnIs(`${end}_type`, ["user"]), columnIs(`${end}_name`, [name])]);

/** Everything, for what is no answer to anybody and for tests. */
export const NOT_NARROWED = narrowed(WHOLE, allFilters([]));

/** Does it look at nothing but the network, as everything that is counted beforehand can? */
export function isOfNetworkOnly(filter: Filter): boolean {
  switch (filter.kind) {
    case "all":
      return true;
    case "and":
    case "or":
      return filter.parts.every(isOfNetworkOnly);
    case "not":
      return isOfNetworkOnly(filter.part);
    case "text":
      return false;
    default:
      return filter.field === "network";
  }
}
