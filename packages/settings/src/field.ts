/** The kinds of keys that a configuration is made of: each reads what YAML gives as well as the text of a flag or of the environment. */
import { parseDuration, parseSize } from "@flowtrail/model";
import { z } from "zod";

export type FieldKind = "text" | "number" | "size" | "duration" | "boolean" | "list";

/** What a reader of help, reference page or error message needs to know of a key. */
export interface FieldInfo {
  readonly kind: FieldKind;
  readonly description: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** What a flag's value is called in help: `<placeholder>`. */
  readonly placeholder: string;
  readonly unit?: string;
  /** As one would write it. Left out where there is no default. */
  readonly defaultText?: string;
  /** Where the flag is not the key with dashes. */
  readonly flag?: string;
  /** The flag may be given several times (lists). */
  readonly repeatable?: true;
  /** Splits the text of the environment into a list. Default: commas. */
  readonly separator?: string;
  /** Its value is not shown in messages. */
  readonly secret?: true;
}

const infos = z.registry<FieldInfo>();

/** Attaches what is known about a key to its schema; `infoOf` finds it again. */
export function field<T extends z.ZodType>(schema: T, info: FieldInfo): T {
  infos.add(schema, info);
  return schema;
}

export function infoOf(schema: z.ZodType): FieldInfo | undefined {
  return infos.get(schema);
}

interface Common<D> {
  readonly description: string;
  readonly default?: D;
  /** Where the default is another on each machine. */
  readonly defaultText?: string;
  readonly flag?: string;
  readonly secret?: true;
}
type Maybe<D, T> = undefined extends D ? z.ZodType<T | undefined> : z.ZodType<T>;

/** Wraps a schema into its default (in the form that people write), or makes it optional. */
function finish<T, D extends string | number | boolean | undefined>(
  schema: z.ZodType<T>,
  { default: value, ...common }: Common<D>,
  info: Pick<FieldInfo, "kind" | "expected" | "placeholder"> & { unit?: string },
): Maybe<D, T> {
  const wrapped = value === undefined ? schema.optional() : schema.prefault(value as never);
  const told = value === undefined ? {} : { defaultText: String(value) };
  return field(wrapped, { ...info, ...told, ...common }) as unknown as Maybe<D, T>;
}

/** A text that `check` accepts. */
export function text<D extends string | undefined>(
  options: Common<D> & { expected: string; placeholder: string; check?: (value: string) => boolean },
): Maybe<D, string> {
  const { expected, placeholder, check = (value) => value.length > 0, ...common } = options;
  const schema = z.string(`expected ${expected}`).refine(check, `expected ${expected}`);
  return finish(schema, common, { kind: "text", expected, placeholder });
}

/** A text that must be given. */
export function requiredText(options: {
  description: string;
  expected: string;
  placeholder: string;
  check: (value: string) => boolean;
}): z.ZodType<string> {
  const { check, ...info } = options;
  const schema = z.string(`expected ${info.expected}`).refine(check, `expected ${info.expected}`);
  return field(schema as z.ZodType<string>, { ...info, kind: "text" });
}

/** A whole number. */
export function count<D extends number | undefined>(
  options: Common<D> & { min: number; max: number; unit: string },
): Maybe<D, number> {
  const { min, max, unit, ...common } = options;
  const expected = `a whole number from ${min} to ${max}`;
  const schema = z
    .union([z.number(), z.string()], `expected ${expected}`)
    .transform((value) => (typeof value === "number" ? value : /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN))
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, `expected ${expected}`);
  return finish(schema, common, { kind: "number", expected, placeholder: "number", unit });
}

/** Bytes, as a number or as people write them; at least one. */
export function size<D extends string | undefined>(
  options: Common<D> & ({ min: string; max: string } | { min?: never; max?: never }),
): Maybe<D, number> {
  const { min, max, ...common } = options;
  const bounded = min !== undefined;
  const [least, most] = bounded ? [parseSize(min) ?? 0, parseSize(max) ?? 0] : [1, Number.MAX_SAFE_INTEGER];
  const expected = bounded ? `a size from ${min} to ${max}` : "a size in bytes, such as 1048576 or 64MiB";
  const schema = z
    .union([z.number(), z.string()], `expected ${expected}`)
    .transform((value) => (typeof value === "number" ? value : (parseSize(value) ?? Number.NaN)))
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, `expected ${expected}`);
  return finish(schema, common, { kind: "size", expected, placeholder: "size", unit: "bytes" });
}

/** A span of time, in milliseconds; a plain number would leave its unit open and is refused. */
export function duration<D extends string | undefined>(options: Common<D> & { min: string; max: string }): Maybe<D, number> {
  const { min, max, ...common } = options;
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  const expected = `a time from ${min} to ${max}, such as ${options.default ?? min}`;
  const schema = z
    .string(`expected ${expected}`)
    .transform((value) => parseDuration(value) ?? Number.NaN)
    .refine((value) => value >= least && value <= most, `expected ${expected}`);
  return finish(schema, common, { kind: "duration", expected, placeholder: "time" });
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

export function yesNo<D extends boolean | undefined>(options: Common<D>): Maybe<D, boolean> {
  const expected = "true or false";
  const schema = z
    .union([z.boolean(), z.string()], `expected ${expected}`)
    .transform((value) => (typeof value === "boolean" ? value : BOOLEANS.get(value.toLowerCase())))
    .refine((value) => value !== undefined, `expected ${expected}`)
    .transform((value) => value === true);
  return finish(schema, options, { kind: "boolean", expected, placeholder: "true|false" });
}

export function oneOf<const V extends string>(
  values: readonly V[],
  options: { description: string; placeholder: string; default: NoInfer<V> },
): z.ZodType<V>;
export function oneOf<const V extends string>(
  values: readonly V[],
  options: { description: string; placeholder: string; default: undefined; defaultText: string },
): z.ZodType<V | undefined>;
export function oneOf<const V extends string>(
  values: readonly V[],
  options: Common<V | undefined> & { placeholder: string },
): z.ZodType<V | undefined> {
  const { placeholder, ...common } = options;
  const expected = `one of ${values.join(", ")}`;
  const schema: z.ZodType<V> = z.enum(values as readonly string[], `expected ${expected}`) as never;
  return finish(schema, common, { kind: "text", expected, placeholder });
}

/** A list; none by default. Flags may be repeated. */
export function list<T>(
  item: z.ZodType<T>,
  options: { description: string; expected: string; placeholder: string; flag?: string; separator?: string; unit?: string },
): z.ZodType<T[]> {
  const schema = z.array(item, `expected a list of ${options.expected}`).prefault([]);
  return field(schema, { ...options, kind: "list", repeatable: true }) as unknown as z.ZodType<T[]>;
}

/** Keys below a key; all of them may be left out. */
export function group<S extends Readonly<Record<string, z.ZodType>>>(shape: S) {
  return z.strictObject(shape).prefault({} as never);
}
