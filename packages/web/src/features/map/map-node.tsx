import { IconHelp } from "@tabler/icons-react";
import { memo } from "react";
import { only } from "../../lib/filter-edit.ts";
import { editQuery } from "../../lib/use-asked.ts";
import { PARTICIPANT_ICONS } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { DrawnNode } from "./drawing.ts";
import type { LabelSide } from "./labels.ts";
import { nodeWords } from "./words.ts";

export interface MapNodeSignProps extends DrawnNode {
  /** Where its name is written; null: it has no room. */
  readonly side: LabelSide | null;
  readonly state: "plain" | "lit" | "dim";
  /** Whether Tab leads to it; j and k lead on. */
  readonly isStop: boolean;
}

/** A sign with its name, if that has room or is looked at; a menu opens on it. */
export const MapNodeSign = memo(function MapNodeSign(props: MapNodeSignProps) {
  const { node, x, y, r, width, color, side, state, isStop } = props;
  const Icon = PARTICIPANT_ICONS[node.type] ?? IconHelp;
  return (
    <div className={`map-node map-node-${state}`} style={{ transform: `translate(${x - r}px, ${y - r}px)` }} data-node={node.id}>
      <FieldValue
        field={node.field}
        value={node.value}
        entity={node.entity}
        tabIndex={isStop ? 0 : -1}
        onDoubleClick={() => editQuery((q) => only(q, node.field, node.value))}
      >
        <span className="map-sign" style={{ width: 2 * r, height: 2 * r, color }}>
          <Icon size={r * 1.15} stroke={1.9} aria-hidden />
        </span>
        <span
          className={side === null ? "visually-hidden" : `map-name map-name-${side}`}
          style={side === null ? undefined : { maxWidth: Math.ceil(width) + 1 }}
        >
          {node.label}
        </span>
        <span className="visually-hidden">{nodeWords(node)}</span>
      </FieldValue>
    </div>
  );
});
