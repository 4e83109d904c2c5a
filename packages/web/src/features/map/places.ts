/** Where each node of the map stands. The same nodes and edges get the same places, whenever and wherever they are laid out. */
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationNodeDatum } from "d3-force";
import { LAYERS, type Layer } from "./layers.ts";
import { type Place, type Room, type Shape, shapeFor, slotPlace } from "./shape.ts";
import { type Bounds, boundsOf } from "./view.ts";

export interface Placeable {
  readonly id: string;
  readonly layer: Layer;
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

export interface Layout {
  readonly shape: Shape;
  readonly places: ReadonlyMap<string, Place>;
  /** Of all that ever stood: what is seen of the map stays as it is when somebody leaves. */
  readonly bounds: Bounds;
}

interface Body extends SimulationNodeDatum {
  readonly id: string;
  readonly layer: Layer;
  x: number;
  y: number;
}

/** Ticks of the two rounds: who stands near whom; then the middle, between columns that stand. */
const TICKS = [120, 160] as const;
/** Names are wide: in the forces' own space all is higher by this, so that circles there are ellipses here. */
const STRETCH = 1.75;
/** Of a node with its name, there. */
const RADIUS = 50;
/** Of the band's width, without the halves of names. */
const INSET = 0.94;
/** Of the height: one that is alone in the middle does not stand in the way between the sides. */
const ALONE_AT = 0.36;

/**
 * A step of work each time it is asked for more; the layout in the end.
 * @param kept what stands already, and goes on to stand there
 */
export function* layOut(
  nodes: readonly Placeable[],
  links: readonly Link[],
  room: Room,
  kept: Layout | null,
): Generator<undefined, Layout> {
  const shape = kept?.shape ?? shapeFor(countsOf(nodes), room);
  const standing = (id: string) => kept?.places.get(id);
  if (kept !== null && nodes.every(({ id }) => standing(id) !== undefined)) return kept;

  const bodies = nodes.map(({ id, layer }): Body => {
    const place = standing(id) ?? startOf(id, layer, shape);
    const at = { id, layer, x: place.x, y: place.y * STRETCH };
    return standing(id) === undefined ? at : { ...at, fx: at.x, fy: at.y };
  });
  yield* relax(bodies, links, shape, TICKS[0]);
  const places = new Map<string, Place>(kept?.places);
  for (const side of ["left", "right"] as const) {
    const fresh = bodies.filter(({ id, layer }) => layer === side && standing(id) === undefined);
    stand(fresh, side, shape, places, new Set(nodes.map(({ id }) => id)));
  }
  for (const body of bodies) {
    const place = body.layer === "middle" ? undefined : places.get(body.id);
    if (place !== undefined) Object.assign(body, { x: place.x, y: place.y * STRETCH, fx: place.x, fy: place.y * STRETCH });
  }
  yield* relax(bodies, links, shape, TICKS[1]);
  const middle = bodies.filter(({ id, layer }) => layer === "middle" && standing(id) === undefined);
  for (const [id, place] of kept === null ? spread(middle, shape) : asTheyAre(middle)) places.set(id, place);
  return { shape, places, bounds: boundsOf(places.values(), kept?.bounds) };
}

export function countsOf(nodes: readonly Placeable[]): Record<Layer, number> {
  const counts = Object.fromEntries(LAYERS.map((layer) => [layer, 0])) as Record<Layer, number>;
  for (const { layer } of nodes) counts[layer]++;
  return counts;
}

function* relax(bodies: Body[], links: readonly Link[], shape: Shape, ticks: number): Generator<undefined, void> {
  const isMiddle = ({ layer }: Body) => layer === "middle";
  const edges = links.filter(({ from, to }) => from !== to).map(({ from, to }) => ({ source: from, target: to }));
  const simulation = forceSimulation(bodies)
    .stop()
    .alphaDecay(1 - 0.01 ** (1 / ticks))
    .force(
      "link",
      forceLink<Body, (typeof edges)[number]>(edges)
        .id(({ id }) => id)
        .distance(RADIUS * 2)
        .strength(0.03),
    )
    .force(
      "apart",
      forceManyBody<Body>().strength((body) => (isMiddle(body) ? -140 : 0)),
    )
    .force(
      "across",
      forceX<Body>((body) => bandX(body.layer, shape)).strength((body) => (isMiddle(body) ? 0.04 : 1)),
    )
    .force("along", forceY<Body>(0).strength(0.05))
    .force("room", forceCollide<Body>((body) => (isMiddle(body) ? RADIUS : (shape.pitch * STRETCH) / 4)).iterations(2));
  const [wide, high] = [shape.middleWidth / 2, (shape.height / 2) * STRETCH];
  for (let tick = 0; tick < ticks; tick++) {
    simulation.tick();
    for (const body of bodies) {
      if (!isMiddle(body) || body.fx != null) continue;
      body.x = shape.middleX + Math.max(-wide, Math.min(wide, body.x - shape.middleX));
      body.y = Math.max(-high, Math.min(high, body.y));
    }
    yield;
  }
}

function asTheyAre(middle: readonly Body[]): [string, Place][] {
  return middle.map(({ id, x, y }) => [id, { x, y: y / STRETCH }]);
}

/** As far apart as the band allows: what pulls them together is known by who is beside whom. */
function spread(middle: readonly Body[], { middleX, middleWidth, height }: Shape): [string, Place][] {
  const { left, right, top, bottom } = boundsOf(middle);
  const at = (value: number, from: number, to: number, size: number) =>
    to - from < 1 ? null : ((value - from) / (to - from) - 0.5) * size;
  return middle.map(({ id, x, y }) => [
    id,
    { x: middleX + (at(x, left, right, middleWidth * INSET) ?? 0), y: at(y, top, bottom, height) ?? ALONE_AT * height },
  ]);
}

function bandX(layer: Layer, { leftX, rightX, middleX }: Shape): number {
  return { left: leftX, middle: middleX, right: rightX }[layer];
}

/** Somewhere in its band, said by its id alone. */
function startOf(id: string, layer: Layer, shape: Shape): Place {
  const offset = (salt: string) => fractionOf(id + salt) - 0.5;
  const width = layer === "middle" ? shape.middleWidth : 0;
  return { x: bandX(layer, shape) + offset("x") * width, y: offset("y") * shape.height };
}

/** FNV-1a, from 0 to 1. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/** Gives each a free place of its band, from top to bottom as the forces want it: no two edges cross that need not. */
function stand(
  fresh: readonly Body[],
  side: "left" | "right",
  shape: Shape,
  places: Map<string, Place>,
  drawn: ReadonlySet<string>,
): void {
  const key = ({ x, y }: Place) => `${x} ${y}`;
  for (const id of places.keys()) if (!drawn.has(id)) places.delete(id);
  const taken = new Set([...places.values()].map(key));
  const sorted = [...fresh].sort((a, b) => a.y - b.y || (a.id < b.id ? -1 : 1));
  const free: Place[] = [];
  for (let i = 0; free.length < sorted.length; i++) {
    const place = slotPlace(shape, side, i);
    if (!taken.has(key(place))) free.push(place);
  }
  for (const [i, { id }] of sorted.entries()) {
    const place = free[i];
    if (place !== undefined) places.set(id, place);
  }
}
