/** Servers that a person works with, by name: in one file of their own that only they may read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CliError, withAccess } from "../errors.ts";

/** Where a token comes from: it stands here, or in a file, or a command tells it (of a password manager, say). */
export interface Context {
  readonly server: string;
  readonly token?: string;
  readonly token_file?: string;
  readonly token_command?: string;
}

export interface Contexts {
  /** Used where nothing else is said. */
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, Context>>;
}

const NONE: Contexts = { current: null, contexts: {} };

/** XDG Base Directory Specification: a relative XDG_CONFIG_HOME is not looked at. */
export function contextsPath(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CONFIG_HOME?.startsWith("/") ? env.XDG_CONFIG_HOME : join(env.HOME ?? homedir(), ".config");
  return join(base, "flowtrail", "contexts.json");
}

/** @throws CliError NO_ACCESS, USAGE if the file can't be read as one */
export function readContexts(path = contextsPath()): Contexts {
  const text = withAccess(path, () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  });
  if (text === null) return NONE;
  const found = parsed(text);
  if (found === null) throw new CliError({ code: "USAGE" }, `${path} is not a file of contexts: mend it or remove it`);
  return found;
}

function parsed(text: string): Contexts | null {
  try {
    const { current = null, contexts } = JSON.parse(text) as Partial<Contexts>;
    const isText = (value: unknown) => value === undefined || typeof value === "string";
    const isWhole = (one: Partial<Context> | null) =>
      typeof one?.server === "string" && isText(one.token) && isText(one.token_file) && isText(one.token_command);
    if (typeof contexts !== "object" || contexts === null || !Object.values(contexts).every(isWhole)) return null;
    return { current: typeof current === "string" ? current : null, contexts };
  } catch {
    return null;
  }
}

/** All or nothing, and never readable by others, not even for a moment. @throws CliError NO_ACCESS */
export function writeContexts(contexts: Contexts, path = contextsPath()): void {
  withAccess(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const part = `${path}.${process.pid}.part`;
    writeFileSync(part, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
    chmodSync(part, 0o600);
    renameSync(part, path);
  });
}
