/** The commands as completion needs them: what may stand where. */
import type { Command, Option } from "commander";
import { FLAG_FIELDS } from "../ask/filter-flags.ts";

/** What stands behind an option. `value:FIELD`: a value that the server knows of that field. */
export type ValueKind = "none" | "any" | "file" | "filter" | "fields" | "context" | `value:${string}`;

export interface CompletedOption {
  readonly flags: readonly string[];
  readonly help: string;
  readonly kind: ValueKind;
  readonly choices: readonly string[];
}

export interface CompletedCommand {
  /** Words behind `flowtrail`; empty: itself. */
  readonly path: string;
  readonly help: string;
  readonly commands: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly CompletedOption[];
  /** Its first argument. */
  readonly argument: CompletedOption | null;
}

export function* completedCommands(command: Command, above: readonly string[] = []): Generator<CompletedCommand> {
  const help = command.createHelp();
  const visible = help.visibleCommands(command);
  // `alerts` alone is `alerts list`: its flags are those of both.
  const standard = command.commands.find(
    (one) => visible.includes(one) && help.subcommandTerm(one) !== "" && isDefault(command, one),
  );
  const own = help.visibleOptions(command).map((option) => completedOption(option, above[0] ?? ""));
  const further =
    standard === undefined ? [] : help.visibleOptions(standard).map((option) => completedOption(option, above[0] ?? ""));
  const known = new Set(own.flatMap(({ flags }) => flags));
  yield {
    path: above.join(" "),
    help: command.description(),
    commands: visible.map((one) => ({ name: one.name(), help: one.description() })),
    options: [...own, ...further.filter(({ flags }) => !flags.some((flag) => known.has(flag)))],
    argument: argumentOf(command, above),
  };
  for (const one of visible) if (one.name() !== "help") yield* completedCommands(one, [...above, one.name()]);
}

/** Commander keeps it to itself; it shows in what is run when no name is given. */
function isDefault(parent: Command, one: Command): boolean {
  return (parent as unknown as { _defaultCommandName?: string | null })._defaultCommandName === one.name();
}

function completedOption(option: Option, command: string): CompletedOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
  const takesValue = option.required || option.optional;
  return {
    flags,
    help: firstWords(option.description),
    kind: takesValue ? kindOf(option, command) : "none",
    choices: option.argChoices ?? [],
  };
}

function kindOf(option: Option, command: string): ValueKind {
  const { long = "", flags } = option;
  if (option.argChoices !== undefined) return "any";
  if (long === "--q") return "filter";
  if (long === "--by" && command === "stats") return "fields";
  if (long === "--context") return "context";
  const field = long === null ? undefined : FLAG_FIELDS.get(long);
  if (field !== undefined && ["observe", "stats", "map"].includes(command)) return `value:${field}`;
  return /<(file|dir)>/.test(flags) ? "file" : "any";
}

function argumentOf(command: Command, above: readonly string[]): CompletedOption | null {
  const [argument] = command.registeredArguments;
  if (argument === undefined) return null;
  const name = argument.name();
  const kind: ValueKind =
    name === "filter"
      ? "filter"
      : name === "file"
        ? "file"
        : above[0] === "context" && ["use", "remove"].includes(above[1] ?? "")
          ? "context"
          : "any";
  return { flags: [], help: argument.description, kind, choices: argument.argChoices ?? [] };
}

/** One line, and not all of it. */
function firstWords(text: string): string {
  const [first = ""] = text.split(/[:;(]/, 1);
  return first.trim();
}
