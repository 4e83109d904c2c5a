/** Reads the configuration once: flags > environment > YAML file > defaults. All mistakes are told at once, each with its place. */
import { readFileSync } from "node:fs";
import { FlowtrailError } from "@flowtrail/model";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { nearest } from "../nearest.ts";
import { type ConfigOption, configOptions } from "./options.ts";
import { configSchema, type ServerConfig } from "./schema.ts";

export interface ConfigProblem {
  /** `retention.days`. */
  readonly path: string;
  /** What was there; secrets are not shown. */
  readonly value: string;
  readonly expectation: string;
  /** `--retention-days`, `FLOWTRAIL_RETENTION_DAYS` or `flowtrail.yaml:12`. */
  readonly source: string;
}

export type ConfigErrorData =
  | { code: "CONFIG_INVALID"; problems: readonly ConfigProblem[] }
  | { code: "CONFIG_FILE"; path: string };

export class ConfigError extends FlowtrailError<ConfigErrorData> {}

export interface ConfigInputs {
  /** By the option's key (`retention.days`); as texts, or true for a switch. Undefined: not given. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly text: string };
}

/**
 * Reads files and gives the configuration.
 * @param configPath of the YAML file; default: FLOWTRAIL_CONFIG
 * @throws ConfigError
 */
export function loadConfig(
  flags: ConfigInputs["flags"] = {},
  configPath: string | undefined = process.env.FLOWTRAIL_CONFIG,
  env: ConfigInputs["env"] = process.env,
): ServerConfig {
  const file = configPath === undefined ? {} : { file: { path: configPath, text: readText(configPath) } };
  const config = parseConfig({ flags, env, ...file });
  const { password_file: passwordFile } = config.store;
  if (passwordFile === undefined) return config;
  return { ...config, store: { ...config.store, password: readText(passwordFile).replace(/\r?\n$/, "") } };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? "UNKNOWN";
    throw new ConfigError({ code: "CONFIG_FILE", path }, `the file ${path} can't be read (${errno})`, { cause });
  }
}

type Tree = { [key: string]: unknown };
type Sources = Map<string, string>;

/** The pure part of `loadConfig`. @throws ConfigError */
export function parseConfig(inputs: ConfigInputs): ServerConfig {
  const sources: Sources = new Map();
  const tree = inputs.file ? readYaml(inputs.file, sources) : {};
  for (const option of configOptions) {
    const flag = inputs.flags?.[option.key];
    const env = inputs.env?.[option.env];
    if (flag !== undefined) put(tree, option, typeof flag === "string" ? fromText(option, flag) : flag, option.flag, sources);
    else if (env !== undefined && env !== "") put(tree, option, fromText(option, env), option.env, sources);
  }
  const result = configSchema.safeParse(tree);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, tree, sources));
  throw new ConfigError(
    { code: "CONFIG_INVALID", problems },
    `the configuration is wrong:\n${problems.map((p) => `  ${p.path}: ${p.expectation}, got ${p.value} (${p.source})`).join("\n")}`,
  );
}

function readYaml(file: { path: string; text: string }, sources: Sources): Tree {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: true });
  const [error] = document.errors;
  if (error)
    throw new ConfigError({ code: "CONFIG_FILE", path: file.path }, `${file.path} is no YAML: ${error.message}`, {
      cause: error,
    });
  const value: unknown = document.toJS();
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new ConfigError(
      { code: "CONFIG_FILE", path: file.path },
      `${file.path}: expected keys and values, such as "listen: 127.0.0.1:8080"`,
    );
  }
  const place = (path: readonly string[], tree: Tree) => {
    for (const [key, child] of Object.entries(tree)) {
      const node = document.getIn([...path, key], true) as { range?: [number, number, number] } | undefined;
      const line = node?.range ? `:${lines.linePos(node.range[0]).line}` : "";
      sources.set([...path, key].join("."), `${file.path}${line}`);
      if (isTree(child)) place([...path, key], child);
    }
  };
  place([], value as Tree);
  return value as Tree;
}

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** A text of flag or environment in the type that YAML would give. One that does not fit stays a text: the schema says so. */
function fromText({ kind }: ConfigOption, text: string): unknown {
  if (kind === "number" && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (kind === "boolean" && /^(true|yes|1|on)$/i.test(text)) return true;
  if (kind === "boolean" && /^(false|no|0|off)$/i.test(text)) return false;
  if (kind === "list")
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  return text;
}

function put(tree: Tree, option: ConfigOption, value: unknown, source: string, sources: Sources): void {
  const path = option.key.split(".");
  let at = tree;
  for (const key of path.slice(0, -1)) {
    if (!isTree(at[key])) at[key] = {};
    at = at[key] as Tree;
  }
  at[path.at(-1) ?? ""] = value;
  sources.set(option.key, source);
}

function problemsOf(issue: z.core.$ZodIssue, tree: Tree, sources: Sources): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const full = [...path, key].join(".");
      const near = nearest(
        full,
        configOptions.map((option) => option.key),
      );
      const expectation = `unknown key${near === null ? "" : `, did you mean ${near}?`}`;
      return {
        path: full,
        value: shown(full, valueAt(tree, [...path, key])),
        expectation,
        source: sourceOf([...path, key], sources),
      };
    });
  }
  const expectation = issue.message.startsWith("expected") ? issue.message : issue.message.replace(/^Invalid input: /, "");
  return [
    { path: path.join("."), value: shown(path.join("."), valueAt(tree, path)), expectation, source: sourceOf(path, sources) },
  ];
}

function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? (at as Tree)[key] : undefined), tree);
}

function shown(path: string, value: unknown): string {
  if (path === "store.password") return "(not shown)";
  return value === undefined ? "nothing" : (JSON.stringify(value)?.slice(0, 100) ?? String(value));
}

/** Of the key, or of the nearest one above it that has a place. */
function sourceOf(path: readonly string[], sources: Sources): string {
  for (let length = path.length; length > 0; length--) {
    const source = sources.get(path.slice(0, length).join("."));
    if (source !== undefined) return source;
  }
  return "default";
}
