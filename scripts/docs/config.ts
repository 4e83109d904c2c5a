/** `docs/reference/config.md`: everything that server and agent can be told. */
import { AGENT_OPTIONS } from "@flowtrail/agent";
import { configOptions } from "@flowtrail/server";
import type { ConfigOption } from "@flowtrail/settings";
import { code, page, table } from "./markdown.ts";

export function configPage(): string {
  return page(
    "Configuration",
    "the schemas in `packages/server/src/config/schema.ts` and `packages/agent/src/config.ts`",
    [
      "A key can be given as a flag, in the environment or in a YAML file (`--config FILE` or `FLOWTRAIL_CONFIG`). Flags go before the",
      "environment, the environment before the file, the file before the default. In YAML, dots are nesting:",
    ].join("\n"),
    "```yaml\nlog:\n  level: debug\n```",
    "Server and agent each want a file of their own: a key that is not theirs is a mistake, and all mistakes are told at once.",
    "## Server",
    "`flowtrail server`",
    optionTable(configOptions),
    "## Agent",
    "`flowtrail agent`",
    optionTable(AGENT_OPTIONS),
  );
}

function optionTable(options: readonly ConfigOption[]): string {
  const rows = options.map((option) => [
    code(option.key),
    code(option.flag),
    code(option.env),
    option.defaultText ?? "",
    takes(option),
    option.description,
  ]);
  return table(["key", "flag", "environment", "default", "takes", "meaning"], rows);
}

function takes({ kind, expected, unit, repeatable, separator = "," }: ConfigOption): string {
  const measured = kind === "number" && unit !== undefined ? `${expected} (${unit})` : expected;
  return repeatable ? `${measured}; the flag may be repeated, the environment separates by ${code(separator)}` : measured;
}
