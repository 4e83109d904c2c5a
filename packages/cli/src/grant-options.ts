/** Flags that say what somebody may do, and until when: the same for accounts and API tokens. */
import { parseDuration } from "@flowtrail/model";
import type { Command } from "commander";
import { CliError } from "./errors.ts";

const ROLES = ["admin", "auditor", "viewer"] as const;

export interface ScopeOptions {
  readonly network?: readonly string[];
  readonly own?: string;
}

export interface AskedGrant {
  readonly role: string;
  readonly networks: readonly string[] | null;
  readonly own: string | null;
}

export const ROLES_TEXT = "admin (sees and sets everything), auditor (sees everything) or viewer";

export function addScopeOptions(command: Command): Command {
  return command
    .option("--network <id>", "a viewer sees flows of this network only; may be repeated, or a,b", collect)
    .option("--own <user>", "a viewer sees only flows that this user of the inventory takes part in");
}

/** @throws CliError USAGE */
export function askedGrant(role: string, { network, own }: ScopeOptions): AskedGrant {
  if (!ROLES.some((known) => known === role))
    throw new CliError({ code: "USAGE" }, `role ${JSON.stringify(role)}: expected ${ROLES_TEXT}`);
  if (role !== "viewer" && (network !== undefined || own !== undefined))
    throw new CliError({ code: "USAGE" }, `--network and --own are for the role viewer: an ${role} sees everything`);
  return { role, networks: network ?? null, own: own ?? null };
}

/** What somebody may do, in words. */
export function grantText({ role, networks, own }: AskedGrant): string {
  const scope = [...(networks === null ? [] : [`of ${networks.join(", ")}`]), ...(own === null ? [] : [`with ${own}`])];
  return [role, ...scope].join(" ");
}

/** `90d`, or a moment. @throws CliError USAGE */
export function endOf(text: string, nowMs: number): string {
  const ms = parseDuration(text);
  const endMs = ms === null ? Date.parse(text) : nowMs + ms;
  if (Number.isNaN(endMs) || !/\d/.test(text))
    throw new CliError(
      { code: "USAGE" },
      `--expires ${text}: expected a time such as 90d, or a moment such as 2027-01-31T00:00:00Z`,
    );
  return new Date(endMs).toISOString();
}

export const collect = (value: string, before: readonly string[] = []) => [
  ...before,
  ...value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== ""),
];
