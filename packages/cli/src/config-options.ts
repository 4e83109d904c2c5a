/** A program's configuration keys as flags of a command, and the flags that were given as keys again. */
import type { ConfigOption } from "@flowtrail/settings";
import { type Command, Option } from "commander";

type Given = string | boolean | string[];

/** Adds `--config` and a flag for each key. */
export function addConfigOptions(command: Command, options: readonly ConfigOption[]): void {
  command.option(
    "--config <file>",
    "YAML file with any of these keys (or FLOWTRAIL_CONFIG); flags come before environment, environment before file",
  );
  for (const { flag, kind, placeholder, description, defaultText, env, repeatable } of options) {
    const facts = [defaultText === undefined ? "" : `default: ${defaultText}`, repeatable ? "may be repeated" : "", env].filter(
      (fact) => fact !== "",
    );
    // A switch needs no value; with one it can also be switched off.
    const value = kind === "boolean" ? "[yes|no]" : `<${placeholder}>`;
    const option = new Option(`${flag} ${value}`, `${description} (${facts.join("; ")})`);
    if (repeatable) option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    command.addOption(option);
  }
}

/** The flags that were given, by configuration key. `[yes|no]` flags without a value are true. */
export function givenFlags(command: Command, options: readonly ConfigOption[]): Record<string, Given> {
  const values = command.opts<Record<string, Given>>();
  const given: Record<string, Given> = {};
  for (const { key, flag } of options) {
    const option = command.options.find((one) => one.long === flag);
    const value = option && values[option.attributeName()];
    if (value !== undefined) given[key] = value;
  }
  return given;
}
