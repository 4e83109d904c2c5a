/** A YAML configuration as a tree of keys, and the line of each. */
import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { ConfigError } from "./errors.ts";
import { type FileLayer, isTree, type Tree } from "./merge.ts";

/** Throws ConfigError CONFIG_FILE: it can't be read, or is no YAML. */
export function readYamlFile(path: string): FileLayer {
  return parseYamlLayer(path, readText(path));
}

/** A file that the configuration names. Throws ConfigError CONFIG_FILE. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new ConfigError({ code: "CONFIG_FILE", path }, `the file ${path} can't be read (${errno})`, { cause });
  }
}

/** Throws ConfigError CONFIG_FILE. */
export function parseYamlLayer(path: string, text: string): FileLayer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const [cause] = document.errors;
  if (cause) throw new ConfigError({ code: "CONFIG_FILE", path }, `${path} is no YAML: ${cause.message}`, { cause });
  const tree: unknown = document.toJS() ?? {};
  if (!isTree(tree)) {
    throw new ConfigError({ code: "CONFIG_FILE", path }, `${path}: expected keys and values, such as "log: { level: debug }"`);
  }
  const places = new Map<string, string>();
  const visit = (keys: readonly string[], branch: Tree): void => {
    for (const [key, value] of Object.entries(branch)) {
      const at = [...keys, key];
      const node = document.getIn(at, true) as { range?: [number, number, number] } | undefined;
      const line = node?.range ? `:${lines.linePos(node.range[0]).line}` : "";
      places.set(at.join("."), `${path}${line}`);
      if (isTree(value)) visit(at, value);
    }
  };
  visit([], tree);
  return { tree, places };
}
