/** Of what a page is: as either end of a flow, as its source, as its destination. */
import { allFilters, type Filter, parseAddress, type Value } from "@flowtrail/model";
import type { EntityKind } from "../../lib/paths.ts";

export interface EntityEnds {
  readonly either: Filter;
  /** Connections that it opened. */
  readonly source: Filter;
  /** Connections that others opened to it. */
  readonly destination: Filter;
  /** The field that its whole history is asked by. */
  readonly field: "name" | "domain" | "ip" | "network";
}

const is = (field: string, value: Value): Filter => ({ kind: "is", field, values: [value], not: false });

/** What is outside has no name but its domain or its address. */
export function entityEnds(kind: EntityKind, name: string): EntityEnds {
  if (kind === "network") {
    const all = is("network", name);
    return { either: all, source: all, destination: all, field: "network" };
  }
  if (kind !== "external") {
    // A user may be called as a node is: the end that has the name has the type, too.
    const at = (end: string) => allFilters([is(`${end}.name`, name), is(`${end}.type`, kind)]);
    const [source, destination] = [at("src"), at("dst")];
    return { either: { kind: "or", parts: [source, destination] }, source, destination, field: "name" };
  }
  const field = parseAddress(name) === null ? "domain" : "ip";
  return { either: is(field, name), source: is(`src.${field}`, name), destination: is(`dst.${field}`, name), field };
}
