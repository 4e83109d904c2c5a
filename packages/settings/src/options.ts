/** A schema as a list of options: for the command line and its help, the environment, and the reference page. */
import { z } from "zod";
import { type FieldInfo, infoOf } from "./field.ts";

export interface ConfigOption extends FieldInfo {
  /** Key in YAML, nested by dots: `spool.max_bytes`. */
  readonly key: string;
  /** `--spool-max-bytes`. */
  readonly flag: string;
  /** `FLOWTRAIL_SPOOL_MAX_BYTES`. */
  readonly env: string;
}

/** Every option of a schema, in its order. All leaves must have been made by field.ts; else throws (a mistake in the schema). */
export function optionsOf(schema: z.ZodType): ConfigOption[] {
  return [...walk(schema, [])];
}

function* walk(schema: z.ZodType, path: readonly string[]): Generator<ConfigOption> {
  const outer = schema instanceof z.ZodPrefault ? (schema.def.innerType as z.ZodType) : schema;
  // A group that may also be written as one word.
  const inner = outer instanceof z.ZodPipe ? (outer.def.out as z.ZodType) : outer;
  const info = infoOf(schema);
  if (info) yield optionOf(info, path);
  else if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) yield* walk(child as z.ZodType, [...path, key]);
  } else throw new TypeError(`the key ${path.join(".")} says nothing about itself`);
}

function optionOf(info: FieldInfo, path: readonly string[]): ConfigOption {
  const key = path.join(".");
  const words = key.replaceAll(/[._]/g, "-");
  return { ...info, key, flag: info.flag ?? `--${words}`, env: `FLOWTRAIL_${words.replaceAll("-", "_").toUpperCase()}` };
}
