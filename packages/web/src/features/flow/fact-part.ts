/** One thing that is said of a row: shown by the panel, and copied as text. */
import type { Value } from "@flowtrail/model";
import type { EntityKind } from "../../lib/paths.ts";

export interface FactPart {
  readonly text: string;
  /** What is asked for by a click on it; left out: the filter language has no field for it. */
  readonly ask?: { readonly field: string; readonly value: Value; readonly entity: EntityKind | undefined };
}

export interface Fact {
  readonly label: string;
  readonly tip?: string;
  readonly parts: readonly FactPart[];
  /** In a line of its own, less loud. */
  readonly below?: readonly FactPart[];
}

export function asked(text: string, field: string, value: Value, entity?: EntityKind): FactPart {
  return { text, ask: { field, value, entity } };
}
