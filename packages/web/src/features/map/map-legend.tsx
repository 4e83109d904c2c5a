import { formatCount, type ParticipantType } from "@flowtrail/model";
import { PARTICIPANT_LABELS, ParticipantIcon } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import { colorOf } from "./drawing.ts";
import { PARTICIPANT_TYPES } from "./ends.ts";
import type { MapGraph } from "./graph.ts";

/** What colours and signs mean, and how many there are of each. */
export function MapLegend({ graph }: { graph: MapGraph }) {
  const counts = new Map<ParticipantType, number>();
  for (const { type } of graph.nodes) counts.set(type, (counts.get(type) ?? 0) + 1);
  const types = PARTICIPANT_TYPES.filter((type) => counts.has(type));
  return (
    <ul className="map-legend">
      {types.map((type) => (
        <li key={type}>
          <span className="map-legend-sign" style={{ color: colorOf(type) }}>
            <ParticipantIcon type={type} />
          </span>
          <FieldValue field="type" value={type}>
            {PARTICIPANT_LABELS[type]}
          </FieldValue>
          <span className="map-legend-count">{formatCount(counts.get(type) ?? 0)}</span>
        </li>
      ))}
      <li className="map-legend-note">Lines lead from who opened a connection; wider: more</li>
    </ul>
  );
}
