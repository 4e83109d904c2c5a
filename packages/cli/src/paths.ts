/** Flags for the directories of server and agent. Help tells their defaults in words: they are others on each machine. */
import { defaultDirectory, defaultDirectoryText } from "@flowtrail/settings";
import { Option } from "commander";

export const dataOption = (description: string): Option =>
  directoryOption("--data <dir>", description, "server", "FLOWTRAIL_DATA");

export const stateOption = (description: string): Option =>
  directoryOption("--state <dir>", description, "agent", "FLOWTRAIL_STATE");

function directoryOption(flag: string, description: string, part: "server" | "agent", env: string): Option {
  const value = process.env[env] || defaultDirectory(part);
  return new Option(flag, description).default(value, `${env}, else ${defaultDirectoryText(part)}`);
}
