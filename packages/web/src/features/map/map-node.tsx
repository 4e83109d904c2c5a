import { IconHelp } from "@tabler/icons-react";
import { type CSSProperties, memo } from "react";
import { only } from "../../lib/filter-edit.ts";
import { editQuery } from "../../lib/use-asked.ts";
import { PARTICIPANT_ICONS } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { DrawnNode } from "./drawing.ts";
import type { MapNode } from "./graph.ts";
import type { LabelSide } from "./labels.ts";
import { nodeWords } from "./words.ts";

interface NamedProps extends Pick<DrawnNode, "width" | "color"> {
  readonly node: MapNode;
  /** Where its name is written; null: it has no room. */
  readonly side: LabelSide | null;
  /** Whether Tab leads to it; j and k lead on. */
  readonly isStop: boolean;
}

export interface MapNodeSignProps extends DrawnNode, NamedProps {
  readonly state: "plain" | "lit" | "dim";
}

/** A sign with its name, if that has room; a menu opens on it. */
export const MapNodeSign = memo(function MapNodeSign({ x, y, r, state, ...named }: MapNodeSignProps) {
  const { node, side, width, color, isStop } = named;
  const place = { transform: `translate(${x - r}px, ${y - r}px)`, "--sign": `${2 * r}px` } as CSSProperties;
  return (
    <div className={`map-node map-node-${state}`} style={place} data-node={node.id}>
      <Named node={node} side={side} width={width} color={color} isStop={isStop} />
    </div>
  );
});

/** What stays the same while one zooms is not drawn again. */
const Named = memo(function Named({ node, side, width, color, isStop }: NamedProps) {
  const Icon = PARTICIPANT_ICONS[node.type] ?? IconHelp;
  return (
    <FieldValue
      field={node.field}
      value={node.value}
      entity={node.entity}
      tabIndex={isStop ? 0 : -1}
      onDoubleClick={() => editQuery((q) => only(q, node.field, node.value))}
    >
      <span className="map-sign" style={{ color }}>
        <Icon stroke={1.9} aria-hidden />
      </span>
      <span
        className={side === null ? "visually-hidden" : `map-name map-name-${side}`}
        style={side === null ? undefined : { maxWidth: Math.ceil(width) + 1 }}
      >
        {node.label}
      </span>
      <span className="visually-hidden">{nodeWords(node)}</span>
    </FieldValue>
  );
});
