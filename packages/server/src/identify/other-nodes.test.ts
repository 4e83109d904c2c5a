import { describe, expect, it } from "vitest";
import type { NodeFact } from "./holding.ts";
import { OtherNodes } from "./other-nodes.ts";

const fact = (source: string, node: NodeFact["node"], toMs = Number.POSITIVE_INFINITY): NodeFact => {
  return { network: "net", source, precedence: 0, fromMs: 0, isFirst: true, toMs, node };
};

describe("a reporter is another node", () => {
  let version = 0;
  let nodes: NodeFact[] = [];
  const others = new OtherNodes({
    get version() {
      return version;
    },
    networks: () => ["net"],
    facts: () => ({ holdings: [], nodes }),
    inventoryTime: (startMs) => startMs,
  });
  const knowing = (...facts: NodeFact[]) => {
    nodes = facts;
    version++;
    return others;
  };
  const node = { id: "n2", name: "debian" };

  it("if the inventory has it under another id, as long as it has it", () => {
    expect(knowing().isOther("n1", node)).toBe(false);
    expect(knowing(fact("file", { id: "n1", name: "debian" })).isOther("n1", node)).toBe(true);
    expect(others.isOther("n1", { id: "n1" })).toBe(false);
    expect(knowing(fact("file", { id: "n1", name: "debian" }, 5)).isOther("n1", node)).toBe(false);
  });

  it("not if it is the same machine, or nobody but itself tells of it", () => {
    const facts = [
      fact("netmaker", { id: "n1", name: "debian", host: "h" }),
      fact("netmaker", { id: "n2", name: "debian", host: "h" }),
    ];
    expect(knowing(...facts).isOther("n1", { ...node, host: "h" })).toBe(false);
    expect(others.isOther("h", { id: "n3" })).toBe(true);
    expect(knowing(fact("agent:n1", { id: "n1", name: "debian" })).isOther("n1", node)).toBe(false);
  });
});
