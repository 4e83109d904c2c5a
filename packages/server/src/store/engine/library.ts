/** Where the engine's library is, if it is here at all: it is an optional dependency of 540 MB. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EngineError } from "./errors.ts";

function packageName(platform: string, arch: string): string {
  return platform === "linux" ? `@chdb/lib-linux-${arch}-gnu` : `@chdb/lib-${platform}-${arch}`;
}

/**
 * The path of libchdb.so.
 * @throws EngineError ENGINE_NOT_HERE when there is none for this platform, or when it was not installed
 */
export function findLibrary(platform: string = process.platform, arch: string = process.arch): string {
  const require = createRequire(import.meta.url);
  const name = packageName(platform, arch);
  try {
    require.resolve("ffi-rs");
    const path = join(dirname(require.resolve(`${name}/package.json`)), "libchdb.so");
    if (existsSync(path)) return path;
    throw new Error(`${path} is missing`);
  } catch (error) {
    throw new EngineError(
      { code: "ENGINE_NOT_HERE", platform: `${platform}-${arch}` },
      `No embedded engine here (${platform} ${arch}, npm package ${name}): set store.url to a ClickHouse server. ` +
        "On 64-bit Linux with glibc it is there unless npm was told to leave optional packages out.",
      { cause: error },
    );
  }
}
