/** How long and how much is kept: what people may set, and what it means. */
import { parseSize, type RetentionPolicy } from "@flowtrail/model";
import { RetentionError } from "./errors.ts";

/** What is kept for a number of days. */
export const PERIODS = [
  "flows_days",
  "deltas_days",
  "minutes_days",
  "hours_days",
  "rejected_days",
  "batches_days",
  "audit_days",
] as const satisfies readonly Period[];
export type Period = Exclude<keyof RetentionPolicy, "max_size">;

/** What was set at run time; null takes a setting back to the server's configuration. */
export type PolicyChange = { readonly [K in keyof RetentionPolicy]?: RetentionPolicy[K] | null };
/** What is set at run time. The rest is as configured. */
export type PolicyOverrides = Partial<RetentionPolicy>;

export const MAX_DAYS_KEPT = 3650;
const SMALLEST_BYTES = 1_000_000;

export type SizeLimit =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: number }
  /** Of what the store has and what is free beside it. */
  | { readonly kind: "share"; readonly share: number };

export const SIZE_LIMIT_EXPECTED = "a size of at least 1MB such as 200GiB, a share of the disk from 1% to 95%, or none";

/** Reads `200GiB`, `80%` or `none`. Null when it is none of them. */
export function parseSizeLimit(text: string): SizeLimit | null {
  if (text === "none") return { kind: "none" };
  const percent = /^(\d{1,2})\s?%$/.exec(text)?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    return share >= 0.01 && share <= 0.95 ? { kind: "share", share } : null;
  }
  const bytes = parseSize(text);
  return bytes === null || bytes < SMALLEST_BYTES ? null : { kind: "bytes", bytes };
}

/**
 * What is set after a change.
 * @throws RetentionError BAD_RETENTION
 */
export function changed(overrides: PolicyOverrides, change: PolicyChange): PolicyOverrides {
  const problems = PERIODS.flatMap((parameter) => {
    const days = change[parameter];
    const isGood = days === undefined || days === null || (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS_KEPT);
    return isGood ? [] : [{ parameter, message: `expected a whole number of days from 1 to ${MAX_DAYS_KEPT}` }];
  });
  const { max_size } = change;
  if (max_size !== undefined && max_size !== null && parseSizeLimit(max_size) === null)
    problems.push({ parameter: "max_size" as Period, message: `expected ${SIZE_LIMIT_EXPECTED}` });
  if (problems.length > 0) {
    const message = problems.map((problem) => `${problem.parameter}: ${problem.message}`).join("; ");
    throw new RetentionError({ code: "BAD_RETENTION", problems }, message);
  }
  const entries = Object.entries({ ...overrides, ...change }).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as PolicyOverrides;
}

/** For the history: `flows_days 30 → 90, max_size 80% → 200GiB`. */
export function describeChange(before: RetentionPolicy, after: RetentionPolicy): string {
  const names = [...PERIODS, "max_size"] as const;
  const parts = names.filter((name) => before[name] !== after[name]).map((name) => `${name} ${before[name]} → ${after[name]}`);
  return parts.join(", ") || "nothing different";
}
