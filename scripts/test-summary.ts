/**
 * Prints what failed and why, in short, and the plain closing line `N passed, N failed` of the runs whose JSON reports are named. Fails if any test
 * failed, was skipped in CI, or none ran.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const MAX_LINE = 400;
const short = (text: string) => stripVTControlCharacters(text).split("\n", 3).join(" ").slice(0, MAX_LINE);

const reports = process.argv.slice(2).map((file): Report => JSON.parse(readFileSync(file, "utf8")));
const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((r) => r.numPassedTests);
const skipped = sum((r) => r.numPendingTests);
// A suite that could not even start has no failed test of its own.
const failed = Math.max(
  sum((r) => r.numFailedTests),
  reports.some((r) => !r.success) ? 1 : 0,
);
for (const { name, status, message, assertionResults } of reports.flatMap((report) => report.testResults)) {
  const file = relative(process.cwd(), name);
  const broken = assertionResults.filter((test) => test.status === "failed");
  for (const { fullName, failureMessages } of broken)
    console.log(`FAILED ${file}: ${fullName}: ${short(failureMessages[0] ?? "")}`);
  if (status === "failed" && broken.length === 0) console.log(`FAILED ${file}: ${short(message)}`);
  for (const test of assertionResults.filter((one) => one.status === "pending")) console.log(`SKIPPED ${file}: ${test.fullName}`);
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 || (skipped > 0 && process.env.FLOWTRAIL_REQUIRE_ALL === "1") ? 1 : 0;
