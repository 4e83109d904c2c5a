import { useElementSize } from "@mantine/hooks";
import {
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type PointerEvent,
  useDeferredValue,
  useMemo,
  useRef,
  useState,
} from "react";
import { writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { hrefOf, navigate } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { type Drawing, drawingOf, litSides } from "./drawing.ts";
import { askForEdge } from "./ends.ts";
import type { MapEdge } from "./graph.ts";
import { type Lit, type Looked, litBy } from "./look.ts";
import { MapEdges } from "./map-edges.tsx";
import { MapNodeSign } from "./map-node.tsx";
import { MapTip } from "./map-tip.tsx";
import { nameWidth } from "./text-width.ts";
import { type DrawnMap, useDrawn } from "./use-drawn.ts";
import type { AnsweredMap } from "./use-map.ts";
import { useView } from "./use-view.ts";
import { otherWords } from "./words.ts";
import { ZoomButtons } from "./zoom-buttons.tsx";
import "./map-canvas.css";

export interface MapCanvasProps {
  readonly answered: AnsweredMap;
  /** What is searched for; empty: nothing. */
  readonly find: string;
}

/** The map: it takes the room that the screen leaves. */
export function MapCanvas({ answered, find }: MapCanvasProps) {
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const room = useMemo(() => ({ width, height }), [width, height]);
  const drawn = useDrawn(answered, room);
  return (
    <div className="map-room" ref={ref}>
      {drawn === null ? <span className="visually-hidden">Drawing</span> : <Surface drawn={drawn} find={find} room={room} />}
    </div>
  );
}

interface MapNodesProps {
  readonly drawing: Drawing;
  readonly sides: Drawing["sides"];
  readonly lit: Lit | null;
  readonly stop: string | null;
}

/** The signs, the largest first: so they are walked. */
const MapNodes = memo(function MapNodes({ drawing, sides, lit, stop }: MapNodesProps) {
  return drawing.nodes.map((one) => (
    <MapNodeSign
      key={one.id}
      {...one}
      side={sides.get(one.id) ?? null}
      state={lit === null ? "plain" : lit.nodes.has(one.id) ? "lit" : "dim"}
      isStop={one.id === stop}
    />
  ));
});

interface SurfaceProps {
  readonly drawn: DrawnMap;
  readonly find: string;
  readonly room: { readonly width: number; readonly height: number };
}

function Surface({ drawn, find, room }: SurfaceProps) {
  const { graph, metric, layout, question } = drawn;
  const surface = useRef<HTMLElement>(null);
  const { view, zoom, fit, show, press, handlers } = useView(surface, layout, question, room);
  // While one zooms, what is drawn is stretched; it is drawn anew when there is time.
  const scale = useDeferredValue(view.scale);
  const stretch = view.scale / scale;
  const drawing = useMemo(() => drawingOf(drawn, scale, nameWidth), [drawn, scale]);
  const [looked, setLooked] = useState<(Looked & { x: number; y: number }) | null>(null);
  const [stop, setStop] = useState<string | null>(null);
  const lit = useMemo(() => litBy(graph, looked, find), [graph, looked, find]);
  const sides = useMemo(() => litSides(drawing, lit), [drawing, lit]);
  const openEdge = useOpenEdge();
  const edgeAt = (event: PointerEvent | MouseEvent) => edgeIdOf(event.target);
  const stopId = graph.nodes.some(({ id }) => id === stop) ? stop : (graph.nodes[0]?.id ?? null);

  const look = (event: PointerEvent | FocusEvent) => {
    const node = nodeIdOf(event.target);
    const edge = edgeIdOf(event.target);
    if (node !== null) {
      const place = drawing.nodes.find((one) => one.id === node);
      if (place !== undefined)
        setLooked({ kind: "node", id: node, x: place.x * stretch + view.x, y: place.y * stretch + view.y });
    } else if (edge !== null && "clientX" in event) {
      const box = event.currentTarget.getBoundingClientRect();
      setLooked({ kind: "edge", id: edge, x: event.clientX - box.left, y: event.clientY - box.top });
    } else setLooked(null);
  };
  const focus = (id: string | undefined) => {
    const signs = surface.current?.querySelectorAll<HTMLElement>("[data-node]") ?? [];
    [...signs]
      .find((sign) => sign.dataset.node === id)
      ?.querySelector("button")
      ?.focus({ preventScroll: true });
  };
  const step = (by: number, from: EventTarget) => {
    const at = graph.nodes.findIndex(({ id }) => id === nodeIdOf(from));
    focus(graph.nodes[Math.max(0, Math.min(graph.nodes.length - 1, at + by))]?.id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Menus on the map are no part of it.
    if (event.ctrlKey || event.metaKey || event.altKey || !event.currentTarget.contains(event.target as Node)) return;
    if (event.key === "j") step(1, event.target);
    else if (event.key === "k") step(-1, event.target);
    else if (!press(event.key)) return;
    event.preventDefault();
  };
  return (
    <>
      <section
        ref={surface}
        className={lit === null ? "map-surface" : "map-surface map-lit"}
        aria-label="Map. Keys: j and k go from node to node, Enter opens a node's menu, plus, minus and 0 zoom, arrows move it. The table has the same in numbers."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is moved by keys must be reachable by them
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerOver={look}
        onPointerLeave={() => setLooked(null)}
        onFocus={(event) => {
          const id = nodeIdOf(event.target);
          if (id === null || !event.currentTarget.contains(event.target)) return;
          setStop(id);
          const place = layout.places.get(id);
          if (place !== undefined && event.target.matches(":focus-visible")) show(place);
          look(event);
        }}
        onBlur={() => setLooked(null)}
        onClick={(event) => {
          const edge = graph.edges.find(({ id }) => id === edgeAt(event));
          if (edge !== undefined) openEdge(edge, event);
        }}
        {...handlers}
      >
        <svg className="map-lines" aria-hidden="true">
          <g transform={`translate(${view.x} ${view.y}) scale(${stretch})`} style={opacityStyle(drawing.opacity)}>
            <MapEdges edges={drawing.edges} lit={lit} />
          </g>
        </svg>
        <div className="map-nodes" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${stretch})` }}>
          <MapNodes drawing={drawing} sides={sides} lit={lit} stop={stopId} />
        </div>
        {looked !== null && lit !== null && <MapTip graph={graph} metric={metric} looked={looked} at={looked} room={room} />}
      </section>
      <p className="map-other">{otherWords(graph)}</p>
      <ZoomButtons onZoom={zoom} onFit={fit} />
    </>
  );
}

/** For `.map-line` and `.map-head`. */
function opacityStyle(opacity: number): CSSProperties {
  return { "--map-opacity": opacity } as CSSProperties;
}

function nodeIdOf(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest<HTMLElement>("[data-node]")?.dataset.node ?? null) : null;
}

function edgeIdOf(target: EventTarget): string | null {
  return target instanceof SVGElement ? (target.dataset.edge ?? null) : null;
}

/** Shows the rows of a pair: same network, same time, same filter and its two ends. */
function useOpenEdge() {
  const { asked } = useAsked();
  return ({ filter }: MapEdge, event: MouseEvent) => {
    const params = writeAsked({ ...asked, q: askForEdge(asked.q, filter) });
    if (event.metaKey || event.ctrlKey || event.shiftKey) window.open(hrefOf(TRAFFIC_LOGS_PATH, params));
    else navigate(TRAFFIC_LOGS_PATH, params);
  };
}
