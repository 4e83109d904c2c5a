import { IconHelp } from "@tabler/icons-react";
import { memo } from "react";
import { only } from "../../lib/filter-edit.ts";
import { editQuery } from "../../lib/use-asked.ts";
import { PARTICIPANT_ICONS } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { DrawnNode } from "./drawing.ts";
import { nodeWords } from "./words.ts";

export interface MapNodeSignProps extends DrawnNode {
  readonly state: "plain" | "lit" | "dim";
  /** Whether Tab leads to it; j and k lead on. */
  readonly isStop: boolean;
}

/** A sign with its name, if that has room or is looked at; a menu opens on it. */
export const MapNodeSign = memo(function MapNodeSign(props: MapNodeSignProps) {
  const { node, layer, x, y, r, color, side, labelWidth, state, isStop } = props;
  const Icon = PARTICIPANT_ICONS[node.type] ?? IconHelp;
  const shown = side ?? (state === "lit" ? SIDE_OF[layer] : null);
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
          className={shown === null ? "visually-hidden" : `map-name map-name-${shown}${side === null ? " map-name-over" : ""}`}
          style={shown === null ? undefined : { maxWidth: state === "lit" ? undefined : Math.ceil(labelWidth) + 1 }}
        >
          {node.label}
        </span>
        <span className="visually-hidden">{nodeWords(node)}</span>
      </FieldValue>
    </div>
  );
});

const SIDE_OF = { left: "left", middle: "below", right: "right" } as const;
