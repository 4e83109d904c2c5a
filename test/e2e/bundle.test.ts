/** What a browser loads before it can show anything. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

const DIST = fileURLToPath(new URL("../../packages/web/dist/", import.meta.url));
const BUDGET_BYTES = 300 * 1024;
/** Compressed as they are. */
const COMPRESSED = /\.woff2$/;

describe("the built page", () => {
  it("is there", () => {
    expect(existsSync(`${DIST}index.html`), "not built: node scripts/prepare.mjs --web").toBe(true);
  });

  it("loads at most 300 KiB at first", () => {
    const html = readFileSync(`${DIST}index.html`, "utf8");
    const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file]) => file ?? "");
    const fonts = readdirSync(`${DIST}assets`).filter((file) => COMPRESSED.test(file));
    const files = ["index.html", ...named, ...fonts.map((file) => `assets/${file}`)];
    const sizes = files.map((file) => {
      const bytes = readFileSync(DIST + file);
      return COMPRESSED.test(file) ? bytes.length : gzipSync(bytes).length;
    });
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`first load: ${files.map((file, i) => `${file} ${sizes[i]}`).join(", ")}; ${total} of ${BUDGET_BYTES} bytes`);
    expect(files.length).toBeGreaterThan(3);
    expect(total).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it("has nothing in it that only the server needs", () => {
    const scripts = readdirSync(`${DIST}assets`).filter((file) => file.endsWith(".js"));
    const text = scripts.map((file) => readFileSync(`${DIST}assets/${file}`, "utf8")).join("\n");
    // Names that arrow's code keeps when it is minified.
    for (const word of ["apache-arrow", "RecordBatch", "arrow.stream"]) expect(text).not.toContain(word);
  });
});
