/** Policies as YAML: what is exported and imported. */
import { FlowtrailError } from "@flowtrail/model";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { ruleId } from "../rule-schema.ts";
import { type Policy, policySchema } from "./policies.ts";

export interface NamedPolicy {
  readonly id: string;
  readonly policy: Policy;
}

export class PolicyError extends FlowtrailError<{ code: "BAD_POLICY" }> {}

const file = z.strictObject({ policies: z.array(policySchema.extend({ id: ruleId })).max(1000) });

export function policiesYaml(policies: readonly NamedPolicy[]): string {
  return stringify({ policies: policies.map(({ id, policy }) => ({ id, ...policy })) }, { lineWidth: 120 });
}

/** @throws PolicyError */
export function readPoliciesYaml(text: string): NamedPolicy[] {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw bad(`this is no YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
  }
  const read = file.safeParse(data ?? {});
  const [issue] = read.error?.issues ?? [];
  if (!read.success) throw bad(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "expected policies"}`);
  const seen = new Set<string>();
  return read.data.policies.map(({ id, ...policy }) => {
    if (seen.has(id)) throw bad(`policies: there are two with the id ${id}`);
    seen.add(id);
    return { id, policy };
  });
}

const bad = (message: string) => new PolicyError({ code: "BAD_POLICY" }, message);
