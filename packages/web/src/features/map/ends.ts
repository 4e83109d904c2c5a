/** Which flows a node of the map stands for, at one end. */
import type { Filter, ParticipantType, Value } from "@flowtrail/model";
import { editParts } from "../../lib/filter-edit-parts.ts";
import { ENTITY_KINDS } from "../../lib/paths.ts";
import type { PairsAnswer } from "../../lib/types-map.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import type { MapEnd } from "./graph.ts";

export type Side = "src" | "dst";
type PairNode = PairsAnswer["nodes"][number];

const is = (field: string, value: Value): Filter => ({ kind: "is", field, values: [value], not: false });

export const PARTICIPANT_TYPES = Object.keys(PARTICIPANT_LABELS) as ParticipantType[];

export function participantType(type: string): ParticipantType {
  return PARTICIPANT_TYPES.find((known) => known === type) ?? "unknown";
}

/** Of a participant among the others of an answer. */
export interface Kin {
  /** It stands for all that is outside. */
  readonly isAlone: boolean;
  /** Another one of its type has its name. */
  readonly isTwin: boolean;
}

export function kinOf({ nodes, externals }: Pick<PairsAnswer, "nodes" | "externals">): (node: PairNode) => Kin {
  const types = Map.groupBy(nodes, ({ type }) => type);
  const names = Map.groupBy(nodes, ({ type, name }) => JSON.stringify([type, name]));
  return ({ type, name }) => ({
    // Others that have a name may be among what is not told.
    isAlone: type === "external" && externals === "one" && types.get(type)?.length === 1,
    isTwin: name !== null && (names.get(JSON.stringify([type, name]))?.length ?? 0) > 1,
  });
}

/** What a participant is called, and what its menu asks. */
export function endOfPair({ id, name, type }: PairNode, { isAlone, isTwin }: Kin): MapEnd {
  const known = participantType(type);
  if (name === null) {
    const label = PARTICIPANT_LABELS[known];
    const rest = known === "external" ? "no domain" : "no name";
    return { id, type: known, label: isAlone ? `${label} (all)` : `${label}, ${rest}`, field: "type", value: type };
  }
  const entity = ENTITY_KINDS.find((kind) => kind === known);
  const label = isTwin ? `${name} (${ownerOf(id, type)})` : name;
  return { id, type: known, label, field: known === "external" ? "domain" : "name", value: name, entity };
}

/** Passes the flows that have the participant at this end. A user may be called as a node is, so that the type is told, too. */
export function endFilters({ id, name, type }: PairNode, { isAlone, isTwin }: Kin, side: Side): readonly Filter[] {
  const ofType = is(`${side}.type`, type);
  const field = `${side}.${type === "external" ? "domain" : "name"}`;
  if (name === null) return isAlone ? [ofType] : [ofType, is(field, null)];
  const owner = ownerOf(id, type);
  // Who has no id goes by the name.
  if (isTwin) return owner === name ? [is(field, name), is(`${side}.id`, null), ofType] : [is(`${side}.id`, owner), ofType];
  return [is(field, name), ofType];
}

/** `lan-3` of `egress_route:lan-3`. */
function ownerOf(id: string, type: string): string {
  return id.slice(type.length + 1);
}

/** The query with what an edge asks besides; what it says already is not said twice. */
export function askForEdge(q: string, filter: Filter): string {
  const added = filter.kind === "and" ? filter.parts : [filter];
  return editParts(q, (parts) => {
    const said = new Set(parts.map((part) => JSON.stringify(part)));
    return [...parts, ...added.filter((part) => !said.has(JSON.stringify(part)))];
  });
}
