/** A form that depends on a kind (of recipient, of sink): its fields as a table, its texts ⇄ what the API takes. */
import { parseDuration } from "@flowtrail/model";

export interface KindField {
  /** Where its value stands: `settings.url`, `transport.max_events`, `secrets.token`. */
  readonly path: string;
  readonly label: string;
  readonly about?: string;
  readonly placeholder?: string;
  /** `list`: with commas. `pairs`: `Name: value` in lines. `span`: seconds, written `5m`. `secret`: written and never read. */
  readonly type: "text" | "lines" | "number" | "span" | "list" | "pairs" | "switch" | "secret" | "choice";
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** Of a new one. */
  readonly initial?: string;
  readonly needed?: true;
  /** There only while another field has this value. */
  readonly when?: { readonly path: string; readonly is: readonly string[] };
}

/** By path. */
export type KindTexts = Readonly<Record<string, string>>;
export type Body = Readonly<Record<string, unknown>>;

export function initialTexts(fields: readonly KindField[]): KindTexts {
  return Object.fromEntries(fields.map(({ path, type, initial }) => [path, initial ?? (type === "switch" ? "false" : "")]));
}

/** Secrets are not told: theirs are empty. */
export function textsOf(fields: readonly KindField[], body: Body): KindTexts {
  return Object.fromEntries(
    fields.map((field) => [field.path, field.type === "secret" ? "" : textOf(field, at(body, field.path))]),
  );
}

function textOf({ type }: KindField, value: unknown): string {
  if (value === undefined || value === null) return type === "switch" ? "false" : "";
  if (type === "list" && Array.isArray(value)) return value.join(", ");
  if (type === "span") return `${Number(value)}s`;
  if (type === "pairs")
    return Object.entries(value as Body)
      .map(([name, text]) => `${name}: ${String(text)}`)
      .join("\n");
  return String(value);
}

export function isShown({ when }: KindField, texts: KindTexts): boolean {
  return when === undefined || when.is.includes(texts[when.path] ?? "");
}

export interface KindRead {
  readonly body: Body;
  readonly mistakes: Readonly<Record<string, string>>;
}

/**
 * @param known what is in force: what no field is of stays; null: a new one
 * @param kept names of secrets that are set, which may stay empty
 */
export function readTexts(fields: readonly KindField[], texts: KindTexts, known: Body | null, kept: readonly string[]): KindRead {
  const body = structuredClone(known ?? {}) as Record<string, unknown>;
  const mistakes: Record<string, string> = {};
  for (const field of fields) {
    const { path, type, needed } = field;
    const text = (texts[path] ?? "").trim();
    if (!isShown(field, texts)) {
      // A choice that is not offered has no value.
      put(body, path, undefined);
      continue;
    }
    const isKept = type === "secret" && kept.includes(path.replace(/^secrets\./, ""));
    if (text === "") {
      if (needed && !isKept) mistakes[path] = "It is needed.";
      put(body, path, type === "list" && needed ? [] : undefined);
      continue;
    }
    const value = readOne(field, text);
    if (value instanceof Mistake) mistakes[path] = value.text;
    else put(body, path, value);
  }
  return { body, mistakes };
}

class Mistake {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function readOne({ type }: KindField, text: string): unknown {
  switch (type) {
    case "number":
      return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : new Mistake("A number.");
    case "span": {
      const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
      return ms === null || ms % 1000 !== 0 ? new Mistake("A time such as 30s or 5m.") : ms / 1000;
    }
    case "list":
      return text
        .split(/[,\n]/)
        .map((part) => part.trim())
        .filter((part) => part !== "");
    case "pairs": {
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      const pairs = lines.map((line) => /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line));
      return pairs.some((pair) => pair === null)
        ? new Mistake("Lines such as X-Team: network.")
        : Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
    }
    case "switch":
      return text === "true";
    default:
      return text;
  }
}

function at(body: Body, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Body | null | undefined)?.[name], body);
}

/** Undefined takes it out. */
function put(body: Record<string, unknown>, path: string, value: unknown): void {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) {
    if (value === undefined) delete body[name];
    else body[name] = value;
    return;
  }
  if (value === undefined && body[name] === undefined) return;
  const inner = { ...(body[name] as Record<string, unknown> | undefined) };
  put(inner, rest.join("."), value);
  body[name] = inner;
}
