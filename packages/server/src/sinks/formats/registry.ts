/** All formats, by name. */
import type { Format } from "../ports.ts";
import { FLOWTRAIL } from "./flowtrail.ts";

export const FORMATS: readonly Format[] = [FLOWTRAIL];

export function formatOf(name: string): Format | null {
  return FORMATS.find((format) => format.name === name) ?? null;
}
