/** `flowtrail server`: receives, stores, answers and shows. */
import { configOptions, loadConfig, runServer } from "@flowtrail/server";
import type { Command } from "commander";
import { addConfigOptions, givenFlags } from "../config-options.ts";

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("receive flows, store them, answer questions and show the page")
    .addHelpText("after", "\nExit codes: 0 stopped · 1 failed · 2 configuration or address in use · 4 data directory or store");
  addConfigOptions(command, configOptions);
  command.action(async (options: { config?: string }) => {
    await runServer(loadConfig(givenFlags(command, configOptions), options.config));
  });
}
