/** The fault bed: `npm run test:chaos -- --help`. Exit code 1 when anything was lost or doubled. */
import { writeFileSync } from "node:fs";
import { ChaosBed } from "./bed.ts";
import type { Fault } from "./fault.ts";
import { ENGINE_UPGRADED } from "./faults/upgrade.ts";
import { type ChaosOptions, readOptions, USAGE } from "./options.ts";
import { Random } from "./random.ts";
import { isGood, markdownTable, textTable } from "./report.ts";
import { judgeAll, type RunResult, runFault, wordsOf } from "./run.ts";
import { type Sample, Sampler, sampleTable } from "./samples.ts";

const MINUTE_MS = 60_000;
const STORE_MEBIBYTES = 4096;
const SOAK_STORE_MEBIBYTES = 40_960;
const LAST_MS = 20_000;

/** Every fault before any comes again. */
function* planOf({ faults, olderEngine }: ChaosOptions, random: Random): Generator<Fault> {
  if (olderEngine !== null) yield ENGINE_UPGRADED;
  for (;;) yield* random.shuffled(faults);
}

async function main(options: ChaosOptions): Promise<boolean> {
  const { runs, minutes, isSoak, rate, seed, olderEngine } = options;
  const random = new Random(seed);
  say(`seed ${seed}, ${runs ?? "any number of"} runs${minutes === null ? "" : ` within ${minutes} min`}, ${rate} flows a second`);
  const sinceMs = Date.now();
  const bed = await ChaosBed.up({
    random: new Random(seed + 1),
    storeMebibytes: isSoak ? SOAK_STORE_MEBIBYTES : STORE_MEBIBYTES,
    olderEngine,
  });
  // From here on: a busy machine takes its time to make the bed.
  const endMs = minutes === null ? Number.POSITIVE_INFINITY : performance.now() + minutes * MINUTE_MS;
  const results: RunResult[] = [];
  const sampler = new Sampler(bed);
  const stopped = nextSignal();
  let isWhole = false;
  try {
    for (const fault of planOf(options, random)) {
      if (results.length >= (runs ?? Number.POSITIVE_INFINITY) || performance.now() > endMs) break;
      const result = await Promise.race([runFault(bed, fault, rate, isSoak), stopped]);
      if (result === null) break;
      results.push(result);
      await sampler.take();
      tellRun(results.length, runs, result);
    }
    bed.setRate(0);
    // What a soak has just made ends first, and arrives.
    if (isSoak) await bed.pause(LAST_MS);
    const known = results.reduce((sum, { excused }) => sum + Object.values(excused).reduce((a, b) => a + b, 0), 0);
    const all = await judgeAll(bed, sinceMs, known);
    isWhole = all.lost.length + all.doubled.length + all.broken.length === 0;
    say(`all ${all.flows} flows once more: ${all.lost.length + all.broken.length} lost, ${all.doubled.length} doubled`);
  } finally {
    await bed.down();
  }
  tellResults(options, results, sampler.samples);
  return isWhole && results.length > 0 && results.every(isGood);
}

function tellRun(number: number, of: number | null, result: RunResult): void {
  const { fault, flows, acknowledged, lost, broken, doubled, excused, recoveryMs, mistakes } = result;
  const why = Object.entries(excused).map(([reason, count]) => `, ${count} excused (${reason})`);
  say(
    `${number}${of === null ? "" : `/${of}`} ${fault}: ${flows} flows, ${acknowledged} acknowledged, ${lost + broken} lost, ${doubled} doubled` +
      `${why.join("")}, recovered in ${(recoveryMs / 1000).toFixed(1)} s`,
  );
  for (const mistake of mistakes) say(`   ${mistake}`);
}

function tellResults(
  { jsonFile, markdownFile, seed }: ChaosOptions,
  results: readonly RunResult[],
  samples: readonly Sample[],
): void {
  process.stdout.write(`\n${textTable(results)}\n\n${sampleTable(samples)}\n`);
  if (markdownFile !== null) writeFileSync(markdownFile, markdownTable(results));
  if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify({ seed, results, samples }, null, 2)}\n`);
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** Ctrl-C ends the run, takes everything down and tells what there is. */
function nextSignal(): Promise<null> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(null));
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") process.stdout.write(USAGE);
  else process.exitCode = (await main(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof TypeError ? wordsOf(error) : (error as Error).stack}\n`);
  process.exitCode = 2;
}
process.exit();
