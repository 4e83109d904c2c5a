/** Flags of every command that shows something to a person. */
import { type Command, Option } from "commander";
import { COLOUR_CHOICES, type ColourChoice } from "./style.ts";

export interface ShownOptions {
  readonly utc?: boolean;
  readonly color?: ColourChoice;
  readonly pager: boolean;
}

export function addShowOptions(command: Command): Command {
  return command
    .option("--utc", "times in UTC (default: this machine's zone)")
    .addOption(
      new Option("--color <when>", "auto: on a terminal, unless NO_COLOR is set").choices(COLOUR_CHOICES).default("auto"),
    )
    .option("--no-pager", "not through FLOWTRAIL_PAGER, PAGER or less");
}
