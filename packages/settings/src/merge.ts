/** Flags over environment over file over defaults, checked by the schema. Pure: whoever calls has read the file. */
import { nearest } from "@flowtrail/model";
import type { z } from "zod";
import { type ConfigProblem, invalidConfig } from "./errors.ts";
import type { ConfigOption } from "./options.ts";

export type Tree = { [key: string]: unknown };
export interface FileLayer {
  readonly tree: Tree;
  /** Where a key stands, by its dotted path: `agent.yaml:12`. */
  readonly places: ReadonlyMap<string, string>;
}
export interface Layers {
  /** By the option's key; a list where the flag was repeated. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: FileLayer;
}

export const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws ConfigError CONFIG_INVALID with every problem there is */
export function mergeConfig<T>(schema: z.ZodType<T>, options: readonly ConfigOption[], layers: Layers): T {
  const tree = structuredClone(layers.file?.tree ?? {});
  const sources = new Map(layers.file?.places ?? []);
  for (const option of options) {
    const flag = layers.flags[option.key];
    const env = layers.env[option.env];
    if (flag !== undefined) {
      put(tree, option, option.kind === "list" ? [flag].flat().flatMap((part) => parts(option, String(part))) : flag);
      sources.set(option.key, option.flag);
    } else if (env !== undefined && env !== "") {
      put(tree, option, option.kind === "list" ? parts(option, env) : env);
      sources.set(option.key, option.env);
    }
  }
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  throw invalidConfig(result.error.issues.flatMap((issue) => problemsOf(issue, tree, sources, options)));
}

/** Names in the environment that are one or two characters off one of ours, with what was probably meant. Other programs have names of their own. */
export function mistypedNames(options: readonly ConfigOption[], env: Layers["env"]): { name: string; meant: string }[] {
  const known = new Set(options.map((option) => option.env));
  return Object.keys(env).flatMap((name) => {
    const meant = name.startsWith("FLOWTRAIL_") && !known.has(name) ? nearest(name, known, 2) : null;
    return meant ? [{ name, meant }] : [];
  });
}

function parts({ separator = "," }: ConfigOption, value: string): string[] {
  return value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function put(tree: Tree, { key }: ConfigOption, value: unknown): void {
  const path = key.split(".");
  let at = tree;
  for (const step of path.slice(0, -1)) {
    if (!isTree(at[step])) at[step] = {};
    at = at[step] as Tree;
  }
  at[path.at(-1) ?? ""] = value;
}

function problemsOf(
  issue: z.core.$ZodIssue,
  tree: Tree,
  sources: ReadonlyMap<string, string>,
  options: readonly ConfigOption[],
): ConfigProblem[] {
  const path = issue.path.map(String);
  const value = valueAt(tree, path);
  const problem = (at: readonly string[], expectation: string): ConfigProblem => ({
    path: at.join("."),
    value: shown(at, valueAt(tree, at), options),
    expectation,
    source: sourceOf(at, sources),
  });
  if (issue.code === "unrecognized_keys" && isTree(value)) {
    return issue.keys.map((key) => problem([...path, key], `no such key${didYouMean([...path, key].join("."), options)}`));
  }
  if (issue.message.startsWith("expected")) return [problem(path, issue.message)];
  // A branch where the schema has keys below: say so in words of the configuration, not of the schema library.
  const below = options.filter((option) => option.key.startsWith(`${path.join(".")}.`)).map((option) => option.key);
  return [problem(path, below.length > 0 ? `expected keys (${below.join(", ")})` : issue.message)];
}

function didYouMean(key: string, options: readonly ConfigOption[]): string {
  const keys = options.map((option) => option.key);
  const groups = new Set(keys.flatMap((known) => (known.includes(".") ? [known.slice(0, known.lastIndexOf("."))] : [])));
  // At the wrong depth is the commonest mistake of all: `max_bytes` instead of `spool.max_bytes`.
  const sameEnd = keys.find((known) => lastName(known) === lastName(key));
  const meant = sameEnd ?? nearest(key, [...keys, ...groups]);
  return meant ? `; did you mean ${meant}?` : "";
}

const lastName = (key: string): string => key.slice(key.lastIndexOf(".") + 1);

/** A value that is no tree (a text that stands for one) is shown for everything below it. */
function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? (at as Tree)[key] : at), tree);
}

/** As JSON, cut. Secrets are not shown, not even under a mistyped name or in a branch that is wrong as a whole. */
function shown(path: readonly string[], value: unknown, options: readonly ConfigOption[]): string {
  const hidden = "(not shown)";
  const key = path.join(".");
  const known = options.find((option) => option.key === key);
  const secrets = options.flatMap((option) => (option.secret ? [lastName(option.key)] : []));
  const isSecret = (name: string): boolean => nearest(name, secrets) !== null;
  if (known ? known.secret : isSecret(lastName(key))) return hidden;
  if (value === undefined) return "nothing";
  return JSON.stringify(value, (name, part: unknown) => (isSecret(name) ? hidden : part))?.slice(0, 100) ?? String(value);
}

/** Of the key, or of the nearest one above it that has a place. */
function sourceOf(path: readonly string[], sources: ReadonlyMap<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const source = sources.get(path.slice(0, length).join("."));
    if (source !== undefined) return source;
  }
  return "not given anywhere";
}
