/** What a benchmark is told on its command line. */
import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Reads the options. `--help` prints the usage instead; what it does not know ends it with one line and exit code 2. */
export function benchOptions<const O extends Options>(usage: string, options: O) {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS")) throw error;
    return refuse((error as Error).message);
  }
}

const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6 };

/** Reads `500k`, `10M` or `3000`. */
export function countOption(name: string, text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) return refuse(`--${name} ${text}: expected a number, such as 500k or 10M`);
  return Math.round(Number(digits) * (UNITS[unit] ?? 1));
}

/** Ends the program as every refusal of a command does. */
function refuse(message: string): never {
  process.stderr.write(`${message.replaceAll("\n", " ")} (--help lists the options)\n`);
  process.exit(2);
}
