/** `flowtrail server`: receives, stores, answers and shows. */
import { configOptions, loadConfig, runServer } from "@flowtrail/server";
import type { Command } from "commander";
import { addConfigOptions, type ConfigKey, givenFlags } from "../config-options.ts";
import { defaultPaths } from "../paths.ts";

export const SERVER_KEYS: readonly ConfigKey[] = configOptions.map((option) => ({ ...option, repeatable: false }));

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("receive flows, store them, answer questions and show the page")
    .addHelpText("after", "\nExit codes: 0 stopped · 1 failed · 2 configuration or address in use · 4 data directory or store");
  addConfigOptions(command, SERVER_KEYS);
  command.action(async (options: { config?: string }) => {
    const flags = givenFlags(command, SERVER_KEYS) as Record<string, string | boolean>;
    await runServer(loadConfig({ data: defaultPaths().data, ...flags }, options.config));
  });
}
