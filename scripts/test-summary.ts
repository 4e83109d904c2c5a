/**
 * Reads the JSON reports of test runs, in the order of the runs: a file that ran again counts as it ended the last time, and is named as FLAKY if it
 * had failed before. Prints what failed and why, in short, and the plain closing line `N passed, N failed`; fails if anything failed, was skipped in
 * CI, or nothing ran. With `--failed` it prints only the files that failed, one a line.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

const MAX_LINE = 400;
const short = (text = "") => stripVTControlCharacters(text).split("\n", 3).join(" ").slice(0, MAX_LINE);
const pathOf = ({ name }: TestFile) => relative(process.cwd(), name);
const testsOf = ({ assertionResults }: TestFile, status: string) => assertionResults.filter((test) => test.status === status);

const onlyFailed = process.argv.includes("--failed");
const reports = process.argv.slice(2).filter((argument) => argument !== "--failed");
const files = new Map<string, TestFile>();
const flaky: string[] = [];
for (const report of reports) {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as { testResults: readonly TestFile[] };
  for (const file of testResults) {
    const before = files.get(file.name);
    if (before?.status === "failed" && file.status !== "failed") flaky.push(...failuresOf(before));
    files.set(file.name, file);
  }
}
const all = [...files.values()];
const broken = all.filter(({ status }) => status === "failed");
if (onlyFailed) for (const file of broken) console.log(pathOf(file));
else summarize();

/** Each failed test of a file; a file that could not even start has none of its own. */
function failuresOf(file: TestFile): string[] {
  const failed = testsOf(file, "failed");
  if (failed.length === 0) return [`${pathOf(file)}: ${short(file.message)}`];
  return failed.map(({ fullName, failureMessages }) => `${pathOf(file)}: ${fullName}: ${short(failureMessages[0])}`);
}

function summarize(): void {
  const count = (status: string) => all.reduce((sum, file) => sum + testsOf(file, status).length, 0);
  const failures = broken.flatMap(failuresOf);
  const skipped = count("pending") + count("skipped");
  const passed = count("passed");
  for (const line of flaky) console.log(`FLAKY, passed when it ran again: ${line}`);
  for (const line of failures) console.log(`FAILED ${line}`);
  for (const file of all)
    for (const { fullName } of testsOf(file, "pending")) console.log(`SKIPPED ${pathOf(file)}: ${fullName}`);
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failures.length} failed`);
  const incomplete = skipped > 0 && process.env.FLOWTRAIL_REQUIRE_ALL === "1";
  process.exitCode = failures.length > 0 || passed === 0 || incomplete ? 1 : 0;
}
