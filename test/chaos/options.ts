/** The command line of the bed. */
import { parseArgs } from "node:util";
import type { Fault } from "./fault.ts";
import { FAULTS } from "./faults/all.ts";

export interface ChaosOptions {
  readonly faults: readonly Fault[];
  /** Null: as long as there is time. */
  readonly runs: number | null;
  /** No run begins later. Null: each of `runs` does. */
  readonly minutes: number | null;
  readonly isSoak: boolean;
  /** Flows a second. */
  readonly rate: number;
  readonly seed: number;
  /** Directory of the package of an earlier ClickHouse: what the server begins with. */
  readonly olderEngine: string | null;
  readonly jsonFile: string | null;
  readonly markdownFile: string | null;
}

/** A report when a flow opens, and one when it has ended. */
const REPORTS_OF_A_FLOW = 2;
const RUN_RATE = 200;
const SOAK_REPORTS = 5000;
/** A run takes some ten seconds; on a busy machine the plan's last ones are left out. */
const CI_MINUTES = 7.5;

export const USAGE = `Usage: npm run test:chaos -- [--runs N] [--hours N] [--rate REPORTS] [--fault NAME,…] [--seed N] [--json FILE] [--md FILE]

  --runs N       so many runs, one fault each. Default: each fault once, as many as begin within ${CI_MINUTES} minutes
  --hours N      a soak instead: one fault after the other under --rate, until the time is over
  --rate N       reports a second. Default: ${RUN_RATE * REPORTS_OF_A_FLOW}, in a soak ${SOAK_REPORTS}
  --fault NAMES  these only, with commas in between
  --seed N       same seed, same plan. Default: of the moment, and told
  --older-engine DIR  unpacked package of an earlier ClickHouse (@chdb/lib-…): the first run upgrades it
  --json FILE    the results as JSON
  --md FILE      the table as Markdown

Faults:
${FAULTS.map(({ name, about }) => `  ${name.padEnd(27)}${about}`).join("\n")}
`;

/** @throws TypeError with what is wrong */
export function readOptions(argv: readonly string[]): ChaosOptions | "help" {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...{ runs: text, hours: text, rate: text, fault: text, seed: text, json: text, md: text, "older-engine": text },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const number = (name: "runs" | "hours" | "rate" | "seed", otherwise: number): number => {
    const given = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(given >= 0) || (name !== "hours" && !Number.isInteger(given))) throw new TypeError(`--${name}: expected a number`);
    return given;
  };
  const faults = values.fault === undefined ? FAULTS : values.fault.split(",").map(faultNamed);
  const hours = number("hours", 0);
  return {
    faults,
    runs: hours > 0 && values.runs === undefined ? null : number("runs", faults.length),
    minutes: hours > 0 ? hours * 60 : values.runs === undefined && values.fault === undefined ? CI_MINUTES : null,
    isSoak: hours > 0,
    rate: number("rate", hours > 0 ? SOAK_REPORTS : RUN_RATE * REPORTS_OF_A_FLOW) / REPORTS_OF_A_FLOW,
    seed: number("seed", Date.now() % 1_000_000),
    olderEngine: values["older-engine"] ?? null,
    jsonFile: values.json ?? null,
    markdownFile: values.md ?? null,
  };
}

function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name.trim());
  if (found === undefined)
    throw new TypeError(`--fault: there is no ${name}; there are ${FAULTS.map((one) => one.name).join(", ")}`);
  return found;
}
