import { FlowtrailError } from "../errors.ts";

export interface FilterErrorData {
  readonly code: "BAD_FILTER";
  /** Where the mistake begins, in characters (UTF-16 units) from 0, and how long it is; 0 where something is missing. */
  readonly offset: number;
  readonly length: number;
  /** What could stand there instead. */
  readonly expected: readonly string[];
}

/** A filter that can't be understood. The parser throws this and nothing else. */
export class FilterError extends FlowtrailError<FilterErrorData> {
  constructor(what: string, at: { offset: number; length: number }, expected: readonly string[]) {
    const { offset, length } = at;
    const hint = expected.length === 0 ? "" : `: expected ${list(expected)}`;
    super({ code: "BAD_FILTER", offset, length, expected }, `${what} at character ${offset + 1}${hint}`);
  }
}

function list(expected: readonly string[]): string {
  if (expected.length < 2) return expected.join("");
  return `${expected.slice(0, -1).join(", ")} or ${expected.at(-1)}`;
}

/** A word of a filter as a message can show it. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
