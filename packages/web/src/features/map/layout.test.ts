/** Where things stand on the map, apart from any page. */
import { describe, expect, it } from "vitest";
import { readChoices, writeChoices } from "./choices.ts";
import { edgePath } from "./edge-path.ts";
import { type Labelled, labelBox, placeLabels } from "./labels.ts";
import { LAYERS, type Layer } from "./layers.ts";
import { type Layout, layOut, type Placeable } from "./places.ts";
import { inSlices } from "./slices.ts";
import { fitView, viewWith, zoomView } from "./view.ts";

const ROOM = { width: 1180, height: 680 };

/** Of 200, half are users. */
function network(count: number, salt = ""): { nodes: Placeable[]; links: { from: string; to: string }[] } {
  const layers: readonly Layer[] = ["left", "middle", "left", "middle", "right"];
  const nodes = Array.from({ length: count }, (_, i) => ({ id: `${salt}${i}`, layer: layers[i % 5] ?? "left" }));
  const links = nodes.flatMap(({ id }, i) => [1, 7].map((step) => ({ from: id, to: nodes[(i * step + 3) % count]?.id ?? id })));
  return { nodes, links };
}

const signal = new AbortController().signal;
const laidOut = ({ nodes, links }: ReturnType<typeof network>, kept: Layout | null = null) =>
  inSlices(layOut(nodes, links, ROOM, kept), signal);

describe("the layout", () => {
  it.each([1, 5, 40, 200])("of %i: each has a place of its own, in the band of its type, the same each time", async (count) => {
    const some = network(count);
    const layout = await laidOut(some);
    expect((await laidOut(some)).places).toEqual(layout.places);
    expect(layout.places.size).toBe(count);
    const places = [...layout.places.values()];
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(count);
    const xs = LAYERS.map((layer) =>
      some.nodes.filter((node) => node.layer === layer).map(({ id }) => layout.places.get(id)?.x ?? 0),
    );
    const [left, middle, right] = xs as [number[], number[], number[]];
    expect(Math.max(...left)).toBeLessThan(Math.min(...middle, ...right));
    expect(Math.max(...middle)).toBeLessThan(Math.min(...right));
  });

  it("keeps what stands when others come and go", async () => {
    const before = network(60);
    const layout = await laidOut(before);
    const others = network(20, "new");
    const after = { nodes: [...before.nodes.slice(10), ...others.nodes], links: [...others.links, { from: "new1", to: "30" }] };
    const next = await laidOut(after, layout);
    for (const { id } of before.nodes.slice(10)) expect(next.places.get(id)).toEqual(layout.places.get(id));
    const places = after.nodes.map(({ id }) => next.places.get(id));
    expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(70);
    expect(places).not.toContain(undefined);
    // Nobody new: nothing is laid out.
    expect(await laidOut({ nodes: before.nodes.slice(5), links: [] }, layout)).toBe(layout);
  });

  it("is given up when nobody waits for it", async () => {
    const left = new AbortController();
    const { nodes, links } = network(200);
    const work = inSlices(layOut(nodes, links, ROOM, null), left.signal);
    left.abort(new Error("left"));
    await expect(work).rejects.toThrow("left");
  });
});

describe("names", () => {
  const node = (id: string, x: number, y: number, layer: Layer = "middle"): Labelled => ({ id, layer, x, y, r: 8, width: 60 });

  it("stand on no other name; the larger goes first", () => {
    const nodes = Array.from({ length: 80 }, (_, i) => node(String(i), (i * 37) % 300, (i * 53) % 200));
    const sides = placeLabels(nodes);
    const boxes = nodes.flatMap((one) => {
      const side = sides.get(one.id);
      return side === undefined ? [] : [labelBox(one, side)];
    });
    expect(boxes.length).toBeGreaterThan(8);
    expect(boxes.length).toBeLessThan(80);
    expect(sides.has("0")).toBe(true);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
  });

  it("go away from the middle, or where there is room", () => {
    expect([...placeLabels([node("a", 0, 0, "left"), node("b", 300, 0, "right"), node("c", 150, 0)]).values()]).toEqual([
      "left",
      "right",
      "below",
    ]);
    expect(placeLabels([node("a", 0, 0), node("b", 0, 17)]).get("a")).toBe("above");
    expect(placeLabels([node("a", 0, 0)], new Map([["a", "right" as const]])).get("a")).toBe("right");
  });
});

describe("the view", () => {
  const bounds = { left: -400, right: 400, top: -100, bottom: 300 };
  const margin = { left: 160, right: 60, top: 30, bottom: 40 };

  it("fits all of it between its margins", () => {
    const { scale, x, y } = fitView(bounds, { width: 700, height: 600 }, margin);
    expect([bounds.left * scale + x, bounds.right * scale + x].map(Math.round)).toEqual([160, 640]);
    expect(bounds.top * scale + y).toBeGreaterThanOrEqual(30);
    expect(bounds.bottom * scale + y).toBeLessThanOrEqual(560);
  });

  it("zooms around a point, and shows what is looked at", () => {
    const view = { scale: 1, x: 10, y: 20 };
    const zoomed = zoomView(view, 2, { x: 110, y: 70 });
    expect([100 * zoomed.scale + zoomed.x, 50 * zoomed.scale + zoomed.y]).toEqual([110, 70]);
    const room = { width: 500, height: 400 };
    expect(viewWith(view, { x: 200, y: 200 }, room, 50)).toEqual(view);
    const shown = viewWith(view, { x: -300, y: 900 }, room, 50);
    expect([-300 + shown.x, 900 + shown.y]).toEqual([50, 350]);
  });
});

it("two that talk both ways have two lines", () => {
  const [a, b] = [
    { x: 0, y: 0, r: 10 },
    { x: 200, y: 0, r: 10 },
  ];
  expect(edgePath(a, b, 1).line).toContain("Q100 18 ");
  expect(edgePath(b, a, 1).line).toContain("Q100 -18 ");
  expect(edgePath(a, a, 1).line).toMatch(/^M.*C/);
});

it("what is chosen is in the address, if it is not usual", () => {
  const change = { by: "network", metric: "connections", table: true, find: "gw", sort: { by: "to", down: true } } as const;
  const params = writeChoices(change, new URLSearchParams("q=port%3D1"));
  expect(params.toString()).toBe("q=port%3D1&by=network&metric=connections&view=table&find=gw&sort=-to");
  expect(readChoices(params)).toMatchObject(change);
  const usual = { by: "participant", metric: "bytes", table: false, find: "", sort: null } as const;
  expect(writeChoices(usual, params).toString()).toBe("q=port%3D1");
  expect(readChoices(new URLSearchParams("by=x&most=7&sort=-x"))).toMatchObject({ by: "participant", most: "150", sort: null });
});
