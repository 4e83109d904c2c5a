import { expect, it } from "vitest";
import type { InventoryReport, InventorySource } from "../../lib/api-types.ts";
import { conflictText, inventoryTrouble, sourceRows } from "./inventory-words.ts";

const file: InventorySource = {
  name: "file",
  kind: "file",
  where: "/etc/inventory.yaml",
  last_sync: "2026-11-22T09:51:00.000Z",
  error: null,
  next_try: "2026-11-22T09:51:01.000Z",
  entities: 12,
};
const agent = (id: string, error: string | null = null): InventorySource => ({
  ...file,
  name: `agent:${id}`,
  kind: "agent",
  where: id,
  error,
  next_try: null,
  entities: 2,
});
const well: InventoryReport = {
  sources: [file],
  conflicts: { count: 0, list: [] },
  networks: 1,
  entities: 12,
  waiting_changes: 0,
  store_error: null,
};

it("lists sources, agents that are well as one", () => {
  const rows = sourceRows({ ...well, sources: [agent("c", "too many changes"), file, agent("a"), agent("b")] });
  expect(rows.map(({ name, where, entities }) => [name, where, entities])).toEqual([
    ["Agent", "c", 2],
    ["File", "/etc/inventory.yaml", 12],
    ["Agents", "2 nodes tell of themselves", 4],
  ]);
});

it("says who is named and who is not", () => {
  const winner = { type: "user", id: "ana@example.com", name: null, device: "laptop", source: "file", since: "" };
  const other = { type: "extclient", id: "printer", name: "printer", device: null, source: "agent:n1", since: "" };
  const conflict = { network: "netmaker", address: "100.102.137.21", winner, why: "" };
  expect(conflictText({ ...conflict, others: [other] })).toBe(
    "100.102.137.21 in netmaker: rows name user ana@example.com (laptop) [file], but config file printer [agent n1] has it, too",
  );
  expect(conflictText({ ...conflict, others: [{ ...other, source: "file" }] })).toBe(
    "100.102.137.21 in netmaker: rows name user ana@example.com (laptop), but config file printer has it, too",
  );
});

it.each<[Partial<InventoryReport>, string | null]>([
  [{}, null],
  [{ sources: [{ ...file, error: "broken" }] }, "1 source can't be read"],
  [{ store_error: "away", waiting_changes: 3 }, "3 changes wait to be stored"],
  [{ conflicts: { count: 2, list: [] } }, "2 conflicts"],
])("trouble of %o is %j", (change, text) => expect(inventoryTrouble({ ...well, ...change })).toBe(text));
