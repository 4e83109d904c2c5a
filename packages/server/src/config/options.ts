/** The schema as a list of options: for the command line's help, the environment and the reference page. */
import { z } from "zod";
import { configSchema } from "./schema.ts";

export interface ConfigOption {
  /** Key in YAML, nested by dots: `inventory.file`. */
  readonly key: string;
  /** `--inventory-file`. */
  readonly flag: string;
  /** `FLOWTRAIL_INVENTORY_FILE`. */
  readonly env: string;
  readonly kind: "text" | "number" | "size" | "boolean" | "list";
  /** As one would write it; null where there is none. */
  readonly default: string | null;
  readonly description: string;
}

/** Every option of the server, in the order of the schema. */
export const configOptions: readonly ConfigOption[] = [...walk(configSchema, [])];

function* walk(schema: z.ZodType, path: readonly string[]): Generator<ConfigOption> {
  const inner = schema instanceof z.ZodPrefault ? (schema.def.innerType as z.ZodType) : schema;
  if (!(inner instanceof z.ZodObject)) {
    yield leaf(schema, path);
    return;
  }
  for (const [key, child] of Object.entries(inner.shape)) yield* walk(child as z.ZodType, [...path, key]);
}

function leaf(schema: z.ZodType, path: readonly string[]): ConfigOption {
  const key = path.join(".");
  const words = key.replaceAll(/[._]/g, "-");
  return {
    key,
    flag: `--${words}`,
    env: `FLOWTRAIL_${words.replaceAll("-", "_").toUpperCase()}`,
    kind: kindOf(schema),
    default: defaultOf(schema),
    description: schema.description ?? "",
  };
}

function kindOf(schema: z.ZodType): ConfigOption["kind"] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return kindOf(schema.def.innerType as z.ZodType);
  }
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  if (schema instanceof z.ZodArray) return "list";
  if (schema instanceof z.ZodPipe) return kindOf(schema.def.in as z.ZodType);
  if (schema instanceof z.ZodUnion) return "size";
  return "text";
}

function defaultOf(schema: z.ZodType): string | null {
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return null;
  const value: unknown = schema.def.defaultValue;
  return Array.isArray(value) ? value.join(",") : String(value);
}
