/** How long to go on: a fixed number of inputs, the same each time; or, by hand, so many minutes with others (test/fuzz/run.ts). */

const minutes = Number(process.env.FLOWTRAIL_FUZZ_MINUTES ?? 0);
const seed = minutes > 0 ? Date.now() & 0x7fff_ffff : 20_261_123;

/** The seed to begin with: it is part of what a failure says. */
export const SEED = seed;

/** Numbers of the inputs, from 0. `tests`: among how many the minutes are divided. */
export function* inputs(count: number, tests: number): Generator<number> {
  const untilMs = Date.now() + (minutes * 60_000) / tests;
  for (let i = 0; minutes > 0 ? Date.now() < untilMs : i < count; i++) yield i;
}

/** For a test's own limit. */
export const TIMEOUT_MS = 120_000 + minutes * 60_000;
