/** The inventory's sources and conflicts in words. */
import { formatCount } from "@flowtrail/model";
import type { InventoryConflict, InventoryHolder, InventoryReport, InventorySource } from "../../lib/api-types.ts";

export interface SourceRow {
  readonly key: string;
  readonly name: string;
  readonly where: string;
  readonly entities: number;
  readonly lastSync: string | null;
  readonly error: string | null;
  readonly nextTry: string | null;
}

const NAMES = { file: "File", netmaker: "Netmaker", agent: "Agent" } as const;

/** One row each, but agents that are well together in one: they have a table of their own. */
export function sourceRows({ sources }: InventoryReport): readonly SourceRow[] {
  const isQuiet = ({ kind, error }: InventorySource) => kind === "agent" && error === null;
  const quiet = sources.filter(isQuiet);
  const rows = sources
    .filter((source) => !isQuiet(source))
    .map(({ name, kind, where, entities, last_sync, error, next_try }) => ({
      key: name,
      name: NAMES[kind],
      where,
      entities,
      lastSync: last_sync,
      error,
      nextTry: next_try,
    }));
  if (quiet.length === 0) return rows;
  const synced = quiet.flatMap(({ last_sync }) => last_sync ?? []).sort();
  return [
    ...rows,
    {
      key: "agents",
      name: "Agents",
      where: quiet.length === 1 ? (quiet[0]?.where ?? "") : `${formatCount(quiet.length)} nodes tell of themselves`,
      entities: quiet.reduce((sum, { entities }) => sum + entities, 0),
      lastSync: synced.at(-1) ?? null,
      error: null,
      nextTry: null,
    },
  ];
}

const TYPES: Readonly<Record<string, string>> = { node: "node", user: "user", extclient: "config file" };

/** `100.102.137.21 in netmaker: rows name user ana@example.com (laptop), but config file printer has it, too`. */
export function conflictText({ network, address, winner, others }: InventoryConflict): string {
  // Where one source tells of all of them, it goes without saying.
  const withSource = others.some(({ source }) => source !== winner.source);
  const rest = others.map((other) => holderText(other, withSource)).join(" and ");
  const has = others.length === 1 ? "has" : "have";
  return `${address} in ${network}: rows name ${holderText(winner, withSource)}, but ${rest} ${has} it, too`;
}

function holderText({ type, id, name, device, source }: InventoryHolder, withSource: boolean): string {
  const who = `${TYPES[type] ?? type} ${name ?? id ?? "?"}${device === null ? "" : ` (${device})`}`;
  if (!withSource) return who;
  return `${who} [${source.startsWith("agent:") ? `agent ${source.slice("agent:".length)}` : source}]`;
}

/** What is wrong with the inventory as a whole; null: nothing. */
export function inventoryTrouble({ sources, conflicts, waiting_changes, store_error }: InventoryReport): string | null {
  const broken = sources.filter(({ error }) => error !== null).length;
  if (broken > 0) return `${formatCount(broken)} ${broken === 1 ? "source" : "sources"} can't be read`;
  if (store_error !== null) return `${formatCount(waiting_changes)} changes wait to be stored`;
  if (conflicts.count > 0) return `${formatCount(conflicts.count)} ${conflicts.count === 1 ? "conflict" : "conflicts"}`;
  return null;
}
