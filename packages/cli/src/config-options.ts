/** A program's configuration keys as flags of a command, and the flags that were given as keys again. */
import { type Command, Option } from "commander";

/** What agent and server tell of a configuration key. */
export interface ConfigKey {
  readonly key: string;
  readonly flag: string;
  readonly env: string;
  readonly kind: string;
  readonly description: string;
  readonly default: string | null;
  readonly placeholder?: string | undefined;
  readonly repeatable?: boolean | undefined;
}

type Given = string | boolean | string[];

/** Adds `--config` and a flag for each key. */
export function addConfigOptions(command: Command, keys: readonly ConfigKey[]): void {
  command.option(
    "--config <file>",
    "YAML file with any of these keys (or FLOWTRAIL_CONFIG); flags come before environment, environment before file",
  );
  for (const key of keys) {
    const told = key.default === null ? "" : ` (default: ${key.default})`;
    const value = key.kind === "boolean" ? "[yes|no]" : `<${key.placeholder ?? key.kind}>`;
    const option = new Option(`${key.flag} ${value}`, `${key.description}${told} [${key.env}]`);
    if (key.repeatable) option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    command.addOption(option);
  }
}

/** The flags that were given, by configuration key. `[yes|no]` flags without a value are true. */
export function givenFlags(command: Command, keys: readonly ConfigKey[]): Record<string, Given> {
  const values = command.opts<Record<string, Given>>();
  const given: Record<string, Given> = {};
  for (const key of keys) {
    const option = command.options.find((one) => one.long === key.flag);
    const value = option && values[option.attributeName()];
    if (value !== undefined) given[key.key] = value;
  }
  return given;
}
