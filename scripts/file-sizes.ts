/** File-size report: median and the longest files; fails on a file of over 500 lines that is not a table or generated. */
import { readFileSync } from "node:fs";
import { sourceFiles } from "./check-architecture.ts";

const LIMIT = 500;
const LOOK_AGAIN = 300;
/** Tables and generated data, which no reader goes through line by line. */
const EXEMPT: readonly string[] = ["packages/model/src/services.ts", "packages/model/src/columns.ts"];

const sizes = sourceFiles()
  .map((file) => ({ file, lines: readFileSync(new URL(`../${file}`, import.meta.url), "utf8").split("\n").length }))
  .sort((a, b) => b.lines - a.lines);
const sources = sizes.filter(({ file }) => !file.endsWith(".test.ts") && !EXEMPT.includes(file));
const median = sources[Math.floor(sources.length / 2)]?.lines ?? 0;
console.log(`file sizes: ${sources.length} sources, median ${median} lines`);
for (const { file, lines } of sources.filter((s) => s.lines > LOOK_AGAIN)) console.log(`  look again: ${file} ${lines}`);
const tooLong = sizes.filter(({ file, lines }) => lines > LIMIT && !EXEMPT.includes(file));
for (const { file, lines } of tooLong) console.log(`  too long: ${file} ${lines} (limit ${LIMIT})`);
process.exitCode = tooLong.length > 0 ? 1 : 0;
