/** Who may import whom (docs/internals/architecture.md). Prints each breach as file:line and exits with 1. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Workspace packages that each package may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  settings: ["model"],
  agent: ["model", "settings"],
  server: ["model", "settings"],
  web: ["model"],
  lab: ["model"],
  cli: ["model", "settings", "agent", "server", "lab"],
};
/** Stages of a package in the order of the data: one imports those to its left, and what is in no stage (ports, config, errors). */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  agent: ["capture", "track", "name", "denied", "spool", "ship"],
  server: ["store", "query"],
};
/** Where native code is called: nothing checks what is passed to it, so it is kept small and in these folders. */
const FOREIGN_FUNCTIONS = ["packages/agent/src/capture/netlink/", "packages/server/src/store/engine/"];
const PACKAGE_NAMES: Readonly<Record<string, string>> = {
  "@flowtrail/model": "model",
  "@flowtrail/settings": "settings",
  "@flowtrail/agent": "agent",
  "@flowtrail/server": "server",
  "@flowtrail/web": "web",
  "@flowtrail/lab": "lab",
  flowtrail: "cli",
};
const IMPORT = /(?<![\w.])(?:import|export)\s[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm;

export interface Breach {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Breaches of one file's imports. `file`: relative to the root, with `/`. */
export function breachesOf(file: string, source: string): Breach[] {
  const isTest = file.endsWith(".test.ts");
  const from = packageOf(file);
  if (!from) return [];
  const found: Breach[] = [];
  for (const match of source.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const line = source.slice(0, match.index).split("\n").length;
    const message = breach(file, from, specifier, isTest);
    if (message) found.push({ file, line, message });
  }
  return found;
}

function breach(file: string, from: string, specifier: string, isTest: boolean): string | null {
  if (specifier === "koffi" && !FOREIGN_FUNCTIONS.some((folder) => file.startsWith(folder)))
    return `koffi (native code) is imported in ${FOREIGN_FUNCTIONS.join(" and ")} only`;
  if (specifier.startsWith("node:"))
    return from === "model" && !isTest ? `model runs in the browser and must not import ${specifier}` : null;
  const target = specifier.startsWith(".") ? relative(root, resolve(root, dirname(file), specifier)) : null;
  const to = target === null ? PACKAGE_NAMES[specifier] : packageOf(target);
  if (to && to !== from && !MAY_IMPORT[from]?.includes(to) && !isTest) return `${from} must not import ${to}`;
  if (target !== null && to && to !== from && !isTest) return `import ${to} by its name, not by a path`;
  if (target === null || isTest || to !== from) return null;
  const order = STAGES[from] ?? [];
  const [here, there] = [order.indexOf(stageOf(file)), order.indexOf(stageOf(target))];
  return here >= 0 && there > here ? `stage ${order[here]} must not import stage ${order[there]}, which lies to its right` : null;
}

const packageOf = (file: string): string | null =>
  file.startsWith("lab/") ? "lab" : (/^packages\/(\w+)\//.exec(file)?.[1] ?? null);
const stageOf = (file: string): string => /^packages\/\w+\/src\/([\w-]+)\//.exec(file)?.[1] ?? "";

export function sourceFiles(): string[] {
  return ["packages", "lab", "test", "scripts"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${String(name)}`))
    .filter((file) => /\.(ts|tsx|mjs|js|c)$/.test(file) && !/node_modules|\/dist\//.test(file));
}

if (import.meta.main) {
  const breaches = sourceFiles().flatMap((file) => breachesOf(file, readFileSync(join(root, file), "utf8")));
  for (const { file, line, message } of breaches) console.log(`${file}:${line}: ${message}`);
  console.log(`architecture: ${sourceFiles().length} files, ${breaches.length} breaches`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
