/** Elections without a server: ranks, relays, and what must hold of any of them. identify.test.ts has the worked examples of the flow record. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXTERNAL, type NodeRef, nodeParticipant, type Participant } from "./lookup.ts";
import { type Election, elect } from "./primary.ts";

const life = { startMs: 0, endMs: 1 };
const node = (id: string, relay?: string): NodeRef => ({ id, name: `name of ${id}`, ...(relay === undefined ? {} : { relay }) });
const behind = (...gateways: NodeRef[]): Participant => ({ ...EXTERNAL, type: "user", id: "ana", name: "ana", gateways });

function election(
  reporter: string,
  role: string,
  source: Participant,
  destination: Participant,
  agents: readonly string[],
): Election {
  const isExpected = ({ id }: NodeRef) => agents.includes(id);
  return elect(
    { reporter: node(reporter), role, source, destination, life },
    { expected: isExpected, node: (word) => node(word) },
  );
}

describe("relays", () => {
  const a = nodeParticipant(node("a", "r2"));
  const b = nodeParticipant(node("b", "r1"));
  const plain = nodeParticipant(node("c"));
  it.each<[string, string, Participant, Participant, string[], boolean, boolean]>([
    ["known at the source's side", "r2", a, plain, ["r2"], true, false],
    ["known at the destination's side", "r1", plain, b, ["r1"], true, false],
    ["known, and so is one of a lower id", "r2", a, b, ["r1", "r2"], false, false],
    ["known, of the lower id", "r1", a, b, ["r1", "r2"], true, false],
    ["known, and the one of the lower id has no agent", "r2", a, b, ["r2"], true, false],
    ["known, and an end reports", "r2", a, b, ["r2", "b"], false, false],
    ["unknown, and a known one reports", "x", a, b, ["x", "r2"], false, false],
    ["unknown, and no known one reports", "x", a, b, ["x"], true, true],
    ["unknown, and another unknown one reports", "y", plain, plain, ["x", "y"], true, true],
    ["of nobody's traffic that is known", "x", EXTERNAL, EXTERNAL, ["x"], true, false],
    ["known as the relay of the source's gateway", "r2", behind(node("gw", "r2")), plain, ["r2", "r9"], true, false],
    ["known, and the source's gateway reports", "r2", behind(node("gw", "r2")), plain, ["r2", "gw"], false, false],
  ])("%s: %s", (_, reporter, source, destination, agents, primary, unknownRelay) => {
    expect(election(reporter, "forwarder", source, destination, agents)).toEqual({ rank: 5, primary, unknownRelay });
  });
});

describe("of all that report a flow", () => {
  /** A way from a source over gateways and relays to a destination: every node on it that has an agent reports. */
  const way = fc.record({
    source: fc.constantFrom("node", "user", "external"),
    destination: fc.constantFrom("node", "user", "external"),
    relays: fc.subarray(["r1", "r2"]),
    agents: fc.subarray(["s", "gs", "gd", "d", "r1", "r2"]),
  });

  it("exactly one counts, whoever has an agent", () => {
    fc.assert(
      fc.property(way, ({ source, destination, relays, agents }) => {
        fc.pre(source !== "external" || destination !== "external");
        const [first, second = first] = relays;
        const end = (kind: string, own: string, gateway: string, relay: string | undefined): Participant => {
          if (kind === "external") return EXTERNAL;
          return kind === "node" ? nodeParticipant(node(own, relay)) : behind(node(gateway, relay));
        };
        const [from, to] = [end(source, "s", "gs", first), end(destination, "d", "gd", second)];
        const path = [
          ...(source === "node" ? [["s", "initiator"]] : source === "user" ? [["gs", "forwarder"]] : []),
          ...relays.map((relay) => [relay, "forwarder"]),
          ...(destination === "node" ? [["d", "responder"]] : destination === "user" ? [["gd", "forwarder"]] : []),
        ] as [string, string][];
        // A relay that only an external end's side would know is unknown: no two of those on one way.
        const known = new Set([...(source === "external" ? [] : [first]), ...(destination === "external" ? [] : [second])]);
        fc.pre(relays.filter((relay) => !known.has(relay)).length === 0);
        const reporting = path.filter(([id]) => agents.includes(id));
        const counting = reporting.filter(([id, role]) => election(id, role, from, to, agents).primary);
        expect(counting.length).toBe(reporting.length === 0 ? 0 : 1);
      }),
    );
  });
});
