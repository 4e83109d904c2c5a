import { expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { exampleFlow } from "../traffic/testing.ts";
import { comparedFacts } from "./compared-rows.ts";

it("tells the facts that rows do not agree on, and which ones they do", () => {
  const one = exampleFlow({ flow_id: "1", src_bytes: 60, domain: null });
  const other = exampleFlow({ flow_id: "2", src_bytes: 4096, src_port: 999, domain: "github.com" });
  const { differing, same } = comparedFacts([one, other], new Clock("UTC"));
  const valuesOf = (label: RegExp) => differing.find((fact) => label.test(fact.label))?.values;
  expect(valuesOf(/^Domain$/)).toEqual([null, "github.com"]);
  expect(valuesOf(/flow id/i)).toEqual(["1", "2"]);
  expect(differing.some(({ values }) => values[0]?.startsWith("60 B") && values[1]?.startsWith("4.00 KiB"))).toBe(true);
  expect(valuesOf(/^Source$/)?.[1]).toContain("port 999");
  expect(same).toContain("Protocol");
  expect(comparedFacts([one, one, one], new Clock("UTC")).differing).toEqual([]);
});
