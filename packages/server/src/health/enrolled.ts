/** Nodes that have, or had, an agent token. */
import type { Token } from "../store/token-rows.ts";
import type { Enrolment } from "./roster.ts";

export function enrolledBy(tokens: readonly Token[]): Enrolment[] {
  return tokens.flatMap(({ kind, node, name, createdMs, revokedMs }) =>
    kind === "agent" && node !== null ? [{ node, name, createdMs, revokedMs }] : [],
  );
}
