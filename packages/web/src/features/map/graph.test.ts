/** What the server's answers become, apart from any page. */
import { printFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import type { GroupsAnswer, PairsAnswer } from "../../lib/types-map.ts";
import { askForEdge } from "./ends.ts";
import { graphOfPairs } from "./graph-of-pairs.ts";
import { graphOfTop } from "./graph-of-top.ts";
import { csvOf, nextSort, rowsOf, tabbedOf } from "./table-rows.ts";
import { otherWords, together } from "./words.ts";

const meta = { table: "rollup_pairs", rows_read: 10, elapsed_ms: 3, partial: false };

const ana = { id: "user:ana@x", name: "ana@x", type: "user" };
const gw = { id: "node:n-gw", name: "gw", type: "node" };
const outside = { id: "external", name: null, type: "external" };
const lans = [1, 2].map((i) => ({ id: `egress_route:lan-${i}`, name: "office, LAN", type: "egress_route" })) as [
  PairsAnswer["nodes"][number],
  PairsAnswer["nodes"][number],
];

function answer(change: Partial<PairsAnswer> = {}): PairsAnswer {
  return {
    nodes: [ana, gw, outside, ...lans],
    edges: [
      { from: ana.id, to: outside.id, bytes: "9007199254740993", connections: 1 },
      { from: ana.id, to: gw.id, bytes: 500, connections: 7 },
      { from: gw.id, to: gw.id, bytes: 30, connections: 2 },
      { from: ana.id, to: lans[0].id, bytes: 20, connections: 0 },
      { from: ana.id, to: lans[1].id, bytes: 10, connections: 1 },
    ],
    cut: 12,
    other: { bytes: 1000, connections: 40 },
    externals: "one",
    estimated: false,
    meta,
    ...change,
  };
}

const edgeTexts = (told: PairsAnswer, q = "") => graphOfPairs(told, "bytes").edges.map(({ filter }) => askForEdge(q, filter));

describe("the map of participants", () => {
  it("has the largest first, by what is measured, with exact sums", () => {
    const graph = graphOfPairs(answer(), "bytes");
    expect(graph.nodes.map(({ id }) => id)).toEqual([ana.id, outside.id, gw.id, lans[0].id, lans[1].id]);
    expect(graph.nodes[0]).toMatchObject({ bytes: "9007199254741523", connections: 9, peers: 4 });
    expect(graph.nodes[2]).toMatchObject({ bytes: 530, connections: 9, peers: 1 });
    expect(graphOfPairs(answer(), "connections").nodes[0]?.connections).toBe(9);
  });

  it("says what is not drawn", () => {
    const graph = graphOfPairs(answer(), "bytes");
    expect(otherWords(graph)).toBe("Other (12 pairs): 1000 B, 40 connections, not drawn");
    expect(together(graph, "connections")).toBe(51);
    expect(otherWords({ ...graph, cut: 0 })).toBe("5 pairs, all drawn");
  });

  it("an edge asks for exactly its pair", () => {
    expect(edgeTexts(answer())).toEqual([
      "src.name=ana@x and src.type=user and dst.type=external",
      "src.name=ana@x and src.type=user and dst.name=gw and dst.type=node",
      "src.name=gw and src.type=node and dst.name=gw and dst.type=node",
      // Two that are called alike are told apart.
      "src.name=ana@x and src.type=user and dst.id=lan-1 and dst.type=egress_route",
      "src.name=ana@x and src.type=user and dst.id=lan-2 and dst.type=egress_route",
    ]);
  });

  it("an edge asks beside what is asked, and nothing twice", () => {
    expect(edgeTexts(answer(), "port=443 and src.type=user")[1]).toBe(
      "port=443 and src.type=user and src.name=ana@x and dst.name=gw and dst.type=node",
    );
  });

  it("tells domains apart from what has none", () => {
    const domain = { id: "external:a.example", name: "a.example", type: "external" };
    const edges = [domain, outside].map(({ id: to }) => ({ from: ana.id, to, bytes: 1, connections: 1 }));
    const told = answer({ nodes: [ana, domain, outside], edges, externals: "domain" });
    expect(edgeTexts(told)).toEqual([
      "src.name=ana@x and src.type=user and dst.domain=a.example and dst.type=external",
      "src.name=ana@x and src.type=user and dst.type=external and dst.domain=null",
    ]);
    expect(graphOfPairs(told, "bytes").nodes.map(({ label }) => label)).toContain("External, no domain");
  });
});

describe("the map of types", () => {
  const groups = (rows: readonly [(string | null)[], number][], more = 0): GroupsAnswer => ({
    rows: rows.map(([by, value]) => ({ by, value, share: 0 })),
    other: { value: more * 5, share: 0, groups: more },
    estimated: false,
    meta,
  });

  it("folds what the server did not tell into Other", () => {
    const bytes = groups(
      [
        [["user", "external"], 100],
        [["node", "node"], 50],
      ],
      3,
    );
    const graph = graphOfTop({ bytes, connections: groups([[["user", "external"], 4]]) }, false, "bytes");
    expect(graph.edges.map(({ bytes, connections }) => [bytes, connections])).toEqual([
      [100, 4],
      [50, 0],
    ]);
    expect([graph.cut, graph.other]).toEqual([3, { bytes: 15, connections: null }]);
    // What was not told is not made up.
    const unknown = graphOfTop({ bytes, connections: groups([[["user", "external"], 4]], 1) }, false, "bytes");
    expect(unknown.edges[1]?.connections).toBe(null);
  });

  it("of each network apart; what is outside is shared", () => {
    const bytes = groups([
      [["corp", "user", "external"], 100],
      [["plant", "user", "external"], 50],
    ]);
    const graph = graphOfTop({ bytes, connections: groups([]) }, true, "bytes");
    expect(graph.nodes.map(({ label }) => label)).toEqual(["External", "corp: User", "plant: User"]);
    expect(graph.edges.map(({ filter }) => printFilter(filter))).toEqual([
      "network=corp and src.type=user and dst.type=external",
      "network=plant and src.type=user and dst.type=external",
    ]);
  });
});

describe("the table", () => {
  const graph = graphOfPairs(answer(), "bytes");

  it("has the map's rows in any order", () => {
    const order = (by: "to" | "connections", down: boolean) =>
      rowsOf(graph, "bytes", { by, down }).map(({ edge }) => edge.connections);
    expect(rowsOf(graph, "bytes", null).map(({ edge }) => edge)).toEqual(graph.edges);
    expect(order("connections", true)).toEqual([7, 2, 1, 1, 0]);
    expect(rowsOf(graph, "bytes", { by: "to", down: false })[0]?.to.label).toBe("External (all)");
    expect(nextSort({ by: "bytes", down: true }, "bytes")).toEqual({ by: "bytes", down: false });
    expect(nextSort({ by: "bytes", down: true }, "from")).toEqual({ by: "from", down: false });
  });

  it("is copied and saved exactly, and as text", () => {
    const rows = rowsOf(graph, "bytes", null);
    expect(csvOf(rows).split("\r\n")[1]).toBe("ana@x,User,External (all),External,9007199254740993,1");
    expect(csvOf(rows)).toContain('"office, LAN (lan-1)"');
    expect(tabbedOf(rows).split("\n")).toHaveLength(6);
    const evil = rows.map((row) => ({ ...row, from: { ...row.from, label: '=cmd|"x"' } }));
    expect(csvOf(evil)).toContain(`"'=cmd|""x"""`);
  });
});
