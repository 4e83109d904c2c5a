import { formatCount } from "@flowtrail/model";
import { PARTICIPANT_LABELS, ParticipantIcon } from "../../ui/participant.tsx";
import type { MapMetric } from "./choices.ts";
import type { MapEdge, MapGraph, MapNode } from "./graph.ts";
import type { Looked } from "./look.ts";
import type { Place, Room } from "./shape.ts";
import { exactly, shortly } from "./words.ts";

export interface MapTipProps {
  readonly graph: MapGraph;
  readonly metric: MapMetric;
  readonly looked: Looked;
  /** In pixels of the surface, with so much room. */
  readonly at: Place;
  readonly room: Room;
}

const MOST_PEERS = 5;
const AWAY_PX = 26;

/** What is looked at, exactly. */
export function MapTip({ graph, metric, looked, at, room }: MapTipProps) {
  const side = at.x < room.width / 2 ? { left: at.x + AWAY_PX } : { right: room.width - at.x + AWAY_PX };
  const high = at.y < room.height / 2 ? { top: Math.max(6, at.y - 20) } : { bottom: Math.max(6, room.height - at.y - 20) };
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const node = looked.kind === "node" ? byId.get(looked.id) : undefined;
  const edge = looked.kind === "edge" ? graph.edges.find(({ id }) => id === looked.id) : undefined;
  return (
    <div className="map-tip" style={{ ...side, ...high }} aria-hidden>
      {node !== undefined && <OfNode node={node} graph={graph} metric={metric} byId={byId} />}
      {edge !== undefined && <OfEdge edge={edge} from={byId.get(edge.from)} to={byId.get(edge.to)} />}
    </div>
  );
}

interface OfNodeProps extends Pick<MapTipProps, "graph" | "metric"> {
  readonly node: MapNode;
  readonly byId: ReadonlyMap<string, MapNode>;
}

function OfNode({ node, graph, metric, byId }: OfNodeProps) {
  const own = graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
  return (
    <>
      <p className="map-tip-name">
        <ParticipantIcon type={node.type} /> {node.label}
      </p>
      <p>
        {PARTICIPANT_LABELS[node.type]}, talks with {formatCount(node.peers)} {node.peers === 1 ? "other" : "others"} here
      </p>
      <Amounts of={node} />
      <ul>
        {own.slice(0, MOST_PEERS).map((edge) => {
          const isFrom = edge.from === node.id;
          return (
            <li key={edge.id}>
              <span>{isFrom ? "→" : "←"}</span>
              <span className="cut">{byId.get(isFrom ? edge.to : edge.from)?.label}</span>
              <span>{shortly(edge[metric], metric)}</span>
            </li>
          );
        })}
      </ul>
      {own.length > MOST_PEERS && <p className="map-tip-note">and {formatCount(own.length - MOST_PEERS)} more lines</p>}
    </>
  );
}

function OfEdge({ edge, from, to }: { edge: MapEdge; from: MapNode | undefined; to: MapNode | undefined }) {
  return (
    <>
      {[from, to].map((node, i) =>
        node === undefined ? null : (
          <p key={i === 0 ? "from" : "to"} className="map-tip-name">
            {i === 1 && "→ "}
            <ParticipantIcon type={node.type} /> {node.label}
          </p>
        ),
      )}
      <Amounts of={edge} />
      <p className="map-tip-note">A click shows these rows</p>
    </>
  );
}

function Amounts({ of }: { of: MapNode | MapEdge }) {
  return (
    <p>
      {exactly(of.bytes, "bytes")}
      <br />
      {exactly(of.connections, "connections")}
    </p>
  );
}
