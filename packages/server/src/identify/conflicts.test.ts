import { expect, it } from "vitest";
import { conflictsOf } from "./conflicts.ts";
import type { EntityVersion } from "./history/change.ts";
import { piecesOf, readEntity } from "./history/entities.ts";
import { holdingsOf } from "./history/holdings.ts";
import { NodeRefs } from "./history/node-refs.ts";
import { inventoryOf } from "./testing.ts";

type Told = readonly [source: string, yaml: string, fromMs?: number, toMs?: number];

function conflicts(...told: readonly Told[]) {
  const versions = told.flatMap(([source, yaml, fromMs = 0, toMs = Number.POSITIVE_INFINITY]) =>
    piecesOf(inventoryOf(`\n  - { id: net, ${yaml} }`)).map(
      ({ entity, ...ref }) =>
        ({ ...ref, source, entity: readEntity(ref.kind, entity), fromMs, toMs, isFirst: false }) as EntityVersion,
    ),
  );
  return conflictsOf(holdingsOf(versions, new NodeRefs(versions)), 1000).map(({ address, winner, others, why }) => [
    address,
    `${winner.id} ${winner.source}`,
    others.map(({ id, source }) => `${id} ${source}`).join(),
    why,
  ]);
}

it("are two holders of one address now, with the one that rows name and why", () => {
  expect(
    conflicts(
      ["file", "nodes: [{ id: b, addresses: [10.0.0.1] }, { id: a, addresses: [10.0.0.1] }]"],
      [
        "netmaker",
        "users: [{ id: ana, devices: [{ addresses: ['fd0a::1'] }] }], config_files: [{ id: c, addresses: ['fd0a:0::1'] }]",
      ],
      ["netmaker", "nodes: [{ id: x, addresses: [10.0.0.2] }]"],
      ["file", "config_files: [{ id: y, addresses: [10.0.0.2] }]"],
    ),
  ).toEqual([
    ["10.0.0.1", "a file", "b file", "the lower id counts"],
    ["fd0a::1", "ana netmaker", "c netmaker", "a user counts before a config file"],
    ["10.0.0.2", "y file", "x netmaker", "source file counts before source netmaker"],
  ]);
});

it.each<[string, ...Told[]]>([
  [
    "one holder after the other",
    ["file", "nodes: [{ id: a, addresses: [10.0.0.1] }]", 0, 500],
    ["file", "nodes: [{ id: b, addresses: [10.0.0.1] }]", 500],
  ],
  [
    "the same node by id",
    ["file", "nodes: [{ id: a, addresses: [10.0.0.1] }]"],
    ["netmaker", "nodes: [{ id: a, name: n, addresses: [10.0.0.1] }]"],
  ],
  [
    "the same node by name",
    ["file", "nodes: [{ id: debian, addresses: [10.0.0.1] }]"],
    ["netmaker", "nodes: [{ id: 7f, name: debian, addresses: [10.0.0.1] }]"],
  ],
  [
    "the same node by host",
    ["netmaker", "nodes: [{ id: 7f, host: h, addresses: [10.0.0.1] }]"],
    ["agent:h", "nodes: [{ id: h, addresses: [10.0.0.1] }]"],
  ],
  [
    "the same user",
    ["file", "users: [{ id: ana, devices: [{ addresses: [10.0.0.1] }] }]"],
    ["netmaker", "users: [{ id: ana, devices: [{ name: l, addresses: [10.0.0.1] }] }]"],
  ],
  [
    "an agent's peer that another source names",
    ["file", "users: [{ id: ana, devices: [{ addresses: [10.0.0.1] }] }]"],
    ["agent:gw", "config_files: [{ id: key, addresses: [10.0.0.1] }]"],
  ],
  [
    "two machines' own bridges in a network that nobody describes",
    ["agent:a", "nodes: [{ id: a, addresses: [172.17.0.1] }]"],
    ["agent:b", "nodes: [{ id: b, addresses: [172.17.0.1] }]"],
  ],
])("%s is none", (_, ...told) => expect(conflicts(...told)).toEqual([]));

it("are two agents with one address in a network that is described", () => {
  expect(
    conflicts(
      ["file", "ranges: [10.0.0.0/24]"],
      ["agent:a", "nodes: [{ id: a, addresses: [10.0.0.1] }]"],
      ["agent:b", "nodes: [{ id: b, addresses: [10.0.0.1] }]"],
    ),
  ).toEqual([["10.0.0.1", "a agent:a", "b agent:b", "the lower id counts"]]);
});
