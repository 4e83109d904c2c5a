/** Prints the plain closing line `N passed, N failed` of the runs whose JSON reports are named, and fails if any test failed, was skipped in CI, or none ran. */
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
}

const reports = process.argv.slice(2).map((file): Report => JSON.parse(readFileSync(file, "utf8")));
const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((r) => r.numPassedTests);
const skipped = sum((r) => r.numPendingTests);
// A suite that could not even start has no failed test of its own.
const failed = Math.max(
  sum((r) => r.numFailedTests),
  reports.some((r) => !r.success) ? 1 : 0,
);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 || (skipped > 0 && process.env.FLOWTRAIL_REQUIRE_ALL === "1") ? 1 : 0;
