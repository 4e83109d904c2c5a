/** Writes the pages of docs/reference that are made from the code (`npm run docs`). */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inventoryJsonSchema } from "@flowtrail/server";
import { apiPage } from "./docs/api.ts";
import { cliPage } from "./docs/cli.ts";
import { columnsPage } from "./docs/columns.ts";
import { configPage } from "./docs/config.ts";
import { filterPage } from "./docs/filter.ts";
import { licencesPage } from "./docs/licences.ts";
import { sinkFormatsPage } from "./docs/sink-formats.ts";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The text of each page, by its path from the root. */
export async function generatedPages(): Promise<Map<string, string>> {
  return new Map([
    ["docs/reference/columns.md", columnsPage()],
    ["docs/reference/filter.md", filterPage()],
    ["docs/reference/config.md", configPage()],
    ["docs/reference/cli.md", cliPage()],
    ["docs/reference/api.md", await apiPage()],
    ["docs/reference/sink-formats.md", sinkFormatsPage()],
    ["docs/reference/licences.md", licencesPage(new URL("../package-lock.json", import.meta.url))],
    ["docs/reference/inventory.schema.json", `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of await generatedPages()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
