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

/** What a participant is called, and what its menu asks. `isAlone`: no other participant is of its type. */
export function endOfPair({ id, name, type }: PairNode, isAlone: boolean): MapEnd {
  const known = participantType(type);
  if (name === null) {
    const label = PARTICIPANT_LABELS[known];
    const rest = known === "external" ? "without a domain" : "without a name";
    return { id, type: known, label: isAlone ? `${label} (all)` : `${label} ${rest}`, field: "type", value: type };
  }
  const entity = ENTITY_KINDS.find((kind) => kind === known);
  return { id, type: known, label: name, field: known === "external" ? "domain" : "name", value: name, entity };
}

/** Passes the flows that have the participant at this end. A user may be called as a node is, so that the type is told, too. */
export function endFilters({ name, type }: PairNode, isAlone: boolean, side: Side): readonly Filter[] {
  const field = `${side}.${type === "external" ? "domain" : "name"}`;
  if (name !== null) return [is(field, name), is(`${side}.type`, type)];
  return isAlone ? [is(`${side}.type`, type)] : [is(`${side}.type`, type), is(field, null)];
}

/** The query with what an edge asks besides; what it says already is not said twice. */
export function askForEdge(q: string, filter: Filter): string {
  const added = filter.kind === "and" ? filter.parts : [filter];
  return editParts(q, (parts) => {
    const said = new Set(parts.map((part) => JSON.stringify(part)));
    return [...parts, ...added.filter((part) => !said.has(JSON.stringify(part)))];
  });
}
