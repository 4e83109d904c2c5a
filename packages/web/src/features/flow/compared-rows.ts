/** What several rows say, fact by fact. */
import type { FlowJson } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import { factGroups } from "./fact-list.ts";
import type { Fact } from "./fact-part.ts";

export interface ComparedFact {
  readonly label: string;
  /** One each row; null: it does not say. */
  readonly values: readonly (string | null)[];
}

/** Facts that the rows do not agree on, and the labels of those that they do. */
export function comparedFacts(
  flows: readonly FlowJson[],
  clock: Clock,
): { readonly differing: readonly ComparedFact[]; readonly same: readonly string[] } {
  const told = flows.map(
    (flow) => new Map(factGroups(flow, clock).flatMap(({ facts }) => facts.map((fact) => [fact.label, textOf(fact)]))),
  );
  const labels = [...new Set(told.flatMap((facts) => [...facts.keys()]))];
  const all = labels.map((label) => ({ label, values: told.map((facts) => facts.get(label) ?? null) }));
  const isSame = ({ values }: ComparedFact) => values.every((value) => value === values[0]);
  return { differing: all.filter((fact) => !isSame(fact)), same: all.filter(isSame).map(({ label }) => label) };
}

function textOf({ parts, below = [] }: Fact): string {
  return [...parts, ...below].map(({ text }) => text).join(" · ");
}
