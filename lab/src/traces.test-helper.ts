/** What a lab leaves behind, for tests that say: nothing. */
import { existsSync, readdirSync } from "node:fs";
import { labDir, netnsConfigDir, wireguardSocketDir } from "./names.ts";
import { findLabProcesses } from "./processes.ts";

const namesIn = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);

/** A name that no other test run has. */
export const testLabName = (letter: string): string => `${letter}${(process.pid % 36 ** 6).toString(36)}`;

export function traces(lab: string): string[] {
  return [
    ...namesIn("/run/netns").filter((name) => name.startsWith(`ft-${lab}-`)),
    ...namesIn(netnsConfigDir).filter((name) => name.startsWith(`ft-${lab}-`)),
    ...namesIn(wireguardSocketDir).filter((name) => name.startsWith(`nm-${lab}-`)),
    ...findLabProcesses(lab).map(({ pid }) => `process ${pid}`),
    ...(existsSync(labDir(lab)) ? [labDir(lab)] : []),
  ];
}

/** For what will come, however slow the machine is. */
export const soon = { timeout: 20_000 };
