/** The packages that come along at run time, with their licences: from the lock file. */
import { readFileSync } from "node:fs";
import { page, table } from "./markdown.ts";

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const MODULES = "node_modules/";

/** Licences that ask for no more than to be named. Another one is a decision, not an update. */
const WELCOME = new Set([
  "(Apache-2.0 AND BSD-3-Clause)",
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  // MIT without its condition: nodemailer.
  "MIT-0",
  "(MIT OR CC0-1.0)",
]);

/** Of packages whose package.json says nothing: as their LICENSE file has it. */
const IN_A_FILE: Readonly<Record<string, string>> = { "png-js@2.0.0": "MIT" };

/**
 * The page.
 * @throws Error for a licence that was not welcome so far, by the package's name
 */
export function licencesPage(lockFile: URL): string {
  const { packages } = JSON.parse(readFileSync(lockFile, "utf8")) as { packages: Record<string, Locked> };
  const rows = new Map<string, readonly [name: string, version: string, license: string]>();
  for (const [path, { version = "", license: told, dev, link }] of Object.entries(packages)) {
    const at = path.lastIndexOf(MODULES);
    if (at < 0 || dev || link) continue;
    const name = path.slice(at + MODULES.length);
    const license = told ?? IN_A_FILE[`${name}@${version}`] ?? "(none)";
    if (!WELCOME.has(license))
      throw new Error(`${name} ${version} has the licence ${license}, which is none of ${[...WELCOME].join(", ")}`);
    rows.set(`${name}@${version}`, [name, version, license]);
  }
  const sorted = [...rows.keys()].sort().map((key) => rows.get(key) ?? []);
  return page(
    "What comes along",
    "`package-lock.json`",
    `The ${rows.size} packages that Flowtrail needs while it runs. \`npm run sbom\` prints the same as a CycloneDX document.`,
    table(["Package", "Version", "Licence"], sorted),
  );
}
