/** The map of types, alone or of each network: made of the largest groups of both ends' types. */
import { allFilters, type Filter, type ParticipantType } from "@flowtrail/model";
import type { GroupsAnswer } from "../../lib/types-map.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import type { MapMetric } from "./choices.ts";
import { participantType } from "./ends.ts";
import { type MapEdge, type MapEnd, type MapGraph, nodesOf } from "./graph.ts";

/** What is outside belongs to no network: all of them lead to the same. */
const SHARED: readonly ParticipantType[] = ["external", "unknown"];

/**
 * @param parts groups of source type and destination type, with the network before them if `hasNetworks`, by each metric. Those that the
 * metric ranks are drawn; what the other one does not tell of them is unknown
 */
export function graphOfTop(parts: Readonly<Record<MapMetric, GroupsAnswer>>, hasNetworks: boolean, metric: MapMetric): MapGraph {
  const rest: MapMetric = metric === "bytes" ? "connections" : "bytes";
  const known = new Map(parts[rest].rows.map(({ by, value }) => [JSON.stringify(by), value]));
  // Where all groups are told, one that is not there has none.
  const unknown = parts[rest].other.groups === 0 ? 0 : null;
  const ends = new Map<string, MapEnd>();
  const edges = parts[metric].rows.flatMap(({ by, value }): MapEdge[] => {
    if (Number(value) === 0) return [];
    const [network = null, source, destination] = hasNetworks ? by : [null, ...by];
    if (source == null || destination == null) return [];
    const [from, to] = [endOf(network, source), endOf(network, destination)];
    for (const end of [from, to]) ends.set(end.id, end);
    const other = known.get(JSON.stringify(by)) ?? unknown;
    const amounts = metric === "bytes" ? { bytes: value, connections: other } : { bytes: other, connections: value };
    const filter = filterOf(network, source, destination);
    return [{ id: `${network} ${source} ${destination}`, from: from.id, to: to.id, ...amounts, filter }];
  });
  const { other, estimated, meta } = parts[metric];
  return {
    nodes: nodesOf([...ends.values()], edges, metric),
    edges,
    cut: other.groups,
    // The other metric leaves out other groups than this one.
    other: { ...{ bytes: null, connections: null }, [metric]: other.value, ...(other.groups === 0 ? { [rest]: 0 } : {}) },
    externals: null,
    estimated,
    meta: {
      ...meta,
      rows_read: sumOf(parts.bytes.meta.rows_read, parts.connections.meta.rows_read),
      elapsed_ms: Math.max(parts.bytes.meta.elapsed_ms, parts.connections.meta.elapsed_ms),
      partial: parts.bytes.meta.partial || parts.connections.meta.partial,
    },
  };
}

function endOf(network: string | null, text: string): MapEnd {
  const type = participantType(text);
  if (network === null || SHARED.includes(type))
    return { id: type, type, label: PARTICIPANT_LABELS[type], field: "type", value: text };
  return {
    id: `${network}/${type}`,
    type,
    label: `${network}: ${PARTICIPANT_LABELS[type]}`,
    field: "network",
    value: network,
  };
}

function filterOf(network: string | null, source: string, destination: string): Filter {
  const is = (field: string, value: string): Filter => ({ kind: "is", field, values: [value], not: false });
  const types = [is("src.type", source), is("dst.type", destination)];
  return allFilters(network === null ? types : [is("network", network), ...types]);
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
