import { startTransition, useEffect, useRef, useState } from "react";
import { layerOf } from "./layers.ts";
import { type Layout, layOut } from "./places.ts";
import type { Room } from "./shape.ts";
import { inSlices } from "./slices.ts";
import type { AnsweredMap } from "./use-map.ts";

export interface DrawnMap extends AnsweredMap {
  readonly layout: Layout;
}

/**
 * The answer with a place for each node, once those are found; until then the one before. Null: the first is on its way. Throws why none
 * were found.
 */
export function useDrawn(answered: AnsweredMap, room: Room): DrawnMap | null {
  const [drawn, setDrawn] = useState<DrawnMap | null>(null);
  const [failed, setFailed] = useState<{ readonly error: unknown } | null>(null);
  const last = useRef<DrawnMap | null>(null);
  const size = useRef(room);
  size.current = room;
  const hasRoom = room.width > 0 && room.height > 0;
  useEffect(() => {
    if (!hasRoom) return;
    const { graph, question } = answered;
    const left = new AbortController();
    const kept = last.current?.question === question ? last.current.layout : null;
    const nodes = graph.nodes.map(({ id, type }) => ({ id, layer: layerOf(type) }));
    const done = (layout: Layout) => {
      last.current = { ...answered, layout };
      const next = last.current;
      startTransition(() => setDrawn(next));
    };
    inSlices(layOut(nodes, graph.edges, size.current, kept), left.signal).then(done, (error: unknown) => {
      if (!left.signal.aborted) setFailed({ error });
    });
    return () => left.abort();
  }, [answered, hasRoom]);
  if (failed !== null) throw failed.error;
  return drawn;
}
