/** What a browser loads: at first, and for each screen that is opened later. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export interface BundleResult {
  readonly firstBytes: number;
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly isFirst: boolean }[];
}

export async function bundleOf(dist: string): Promise<BundleResult> {
  const html = await readFile(join(dist, "index.html"), "utf8");
  const assets = (await readdir(join(dist, "assets"))).filter((file) => !file.endsWith(".map"));
  const named = new Set([...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file]) => file));
  const files = await Promise.all(
    ["index.html", "color-scheme.js", ...assets.map((file) => `assets/${file}`)].map(async (file) => {
      const content = await readFile(join(dist, file));
      const isFont = file.endsWith(".woff2");
      const isFirst = isFont || file === "index.html" || named.has(file);
      return { file, bytes: isFont ? content.length : gzipSync(content).length, isFirst };
    }),
  );
  const firstBytes = files.filter(({ isFirst }) => isFirst).reduce((sum, { bytes }) => sum + bytes, 0);
  return { firstBytes, files: files.sort((a, b) => Number(b.isFirst) - Number(a.isFirst) || b.bytes - a.bytes) };
}
