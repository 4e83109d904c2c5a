/** What stands as the version of a reporter that is an agent of Netmaker's: its wire says no more than which dialect it speaks. */
import type { Dialect } from "./decode.ts";

const PREFIX = "netmaker ";

export function netmakerVersion(dialect: Dialect): string {
  return `${PREFIX}${dialect}`;
}

/** They tell nothing between a flow's start and its end, so their silence means nothing. */
export function isNetmakerAgent(version: string): boolean {
  return version.startsWith(PREFIX);
}
