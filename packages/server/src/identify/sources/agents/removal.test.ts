import { describe, expect, it } from "vitest";
import { inventoryInMemory } from "../../testing.ts";

const NODE = { id: "n-1", name: "debian" };
const batch = (sequence: number, address: string) => ({
  addresses: { net: [address] },
  epoch: "e",
  sequence,
  coveredFromMs: 0,
});

function setUp() {
  let nowMs = 1000;
  const { history, agents, sources } = inventoryInMemory(() => nowMs);
  const at = (ms: number) => {
    nowMs = ms;
  };
  const held = () => history.holdings("net").map(({ fromMs, toMs }) => [fromMs, toMs]);
  return { history, agents, sources, at, held };
}

describe("an agent whose token was taken back", () => {
  it("held its addresses until then", () => {
    const { agents, at, held, sources } = setUp();
    agents.declare(NODE, { ...batch(1, "10.0.0.1"), coveredFromMs: 1000 });
    at(2000);
    agents.remove(NODE.id);
    expect(held()).toEqual([[1000, 2000]]);
    expect(sources.states).toEqual([]);
  });

  it("begins anew with a new token, though it says the same", () => {
    const { agents, at, held } = setUp();
    agents.declare(NODE, { ...batch(1, "10.0.0.1"), coveredFromMs: 1000 });
    at(2000);
    agents.remove(NODE.id);
    at(3000);
    agents.declare(NODE, { ...batch(2, "10.0.0.1"), coveredFromMs: 3000 });
    expect(held()).toEqual([
      [1000, 2000],
      [3000, Number.POSITIVE_INFINITY],
    ]);
  });

  it("begins anew, also where it was another server that took the token back", () => {
    const { agents, history, at, held } = setUp();
    agents.declare(NODE, { ...batch(1, "10.0.0.1"), coveredFromMs: 1000 });
    at(2000);
    history.retire("agent:n-1", { who: "another server" });
    at(3000);
    agents.declare(NODE, { ...batch(2, "10.0.0.1"), coveredFromMs: 3000 });
    expect(held()).toHaveLength(2);
    agents.declare(NODE, { ...batch(3, "10.0.0.1"), coveredFromMs: 3000 });
    expect(held()).toHaveLength(2);
  });
});
