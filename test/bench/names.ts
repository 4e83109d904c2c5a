/**
 * `npm run bench:names [-- --quick] [-- --json]`: what names cost. Runs the parts in test/bench/names one after the other, each in a process of its
 * own (each runs alone, too), and prints one table: decoders (a DNS answer, a ClientHello, a QUIC Initial), the tap at 1 Gbit/s of other traffic
 * (needs root), attribution (lookups/s). Medians, and ratios to what they are compared with.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BenchRow, markdown } from "./names/rows.ts";

const PARTS = ["decoders", "tap", "lookups"];

const run = promisify(execFile);

/** A part's rows; none if it says why it can't run here. */
async function rowsOf(part: string): Promise<readonly BenchRow[]> {
  const path = fileURLToPath(new URL(`./names/${part}.ts`, import.meta.url));
  const args = process.argv.slice(2).filter((arg) => arg !== "--json");
  const { stdout, stderr } = await run(process.execPath, [path, "--json", ...args], { maxBuffer: 16 << 20 });
  process.stderr.write(stderr);
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as { rows: BenchRow[] }).rows;
}

const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
const rows: BenchRow[] = [];
for (const part of PARTS.filter((name) => existsSync(new URL(`./names/${name}.ts`, import.meta.url))))
  rows.push(...(await rowsOf(part)));
console.log(process.argv.includes("--json") ? JSON.stringify({ machine, rows }) : `${machine}\n\n${markdown(rows)}`);
