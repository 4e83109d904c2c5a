/** How the command line writes what a server tells of its store. */
import {
  type DropStep,
  formatBytes,
  formatCount,
  type LegalHold,
  type RetentionPolicy,
  type StoreReport,
} from "@flowtrail/model";

const TABLES_SHOWN = 20;
const day = (time: string) => time.slice(0, 10);
const rows = (count: number) => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;
const days = (count: number) => `${count} ${count === 1 ? "day" : "days"}`;

/** Lines for `store status`. */
export function statusLines({ size, tables, forecast, holds, last_drops, problem }: StoreReport): string[] {
  const of = size.limit_bytes === null ? "" : ` of at most ${formatBytes(size.limit_bytes)}`;
  const free = size.free_bytes === null ? "" : `; ${formatBytes(size.free_bytes)} free on its disk`;
  const held = holds.filter(({ released }) => released === null);
  const growth = forecast.basis_days === 0 ? "" : ` ${formatBytes(forecast.bytes_per_day)} a day.`;
  return [
    ...(problem === null ? [] : [`PROBLEM: ${problem}`]),
    `${formatBytes(size.bytes)}${of}${free}`,
    `${forecast.text}${growth}`,
    ...nextLine(forecast.next),
    "",
    ...table([
      ["table", "rows", "size", "oldest", "kept"],
      ...tables
        .slice(0, TABLES_SHOWN)
        .map((one) => [
          one.table,
          formatCount(one.rows),
          formatBytes(one.bytes),
          one.oldest === null ? "-" : day(one.oldest),
          one.kept_days === null ? "always" : days(one.kept_days),
        ]),
    ]),
    ...(tables.length > TABLES_SHOWN ? [`and ${tables.length - TABLES_SHOWN} smaller ones`] : []),
    ...(held.length === 0
      ? []
      : ["", `Legal holds keep ${formatBytes(size.held_bytes)}:`, ...held.map((hold) => `  ${holdLine(hold)}`)]),
    ...(last_drops.length === 0
      ? []
      : ["", "Deleted last:", ...last_drops.slice(0, 5).map((drop) => `  ${drop.time}  ${stepLine(drop)}`)]),
  ];
}

/** Lines for `store retention`: what is set, and what it deletes next. */
export function policyLines(
  { settings, defaults, set, changed, due, problem, size, forecast }: StoreReport,
  verb: string,
): string[] {
  const said = (name: string, value: number | string) =>
    name === "max_size"
      ? `${value}${size.limit_bytes === null ? "" : ` (${formatBytes(size.limit_bytes)})`}`
      : days(Number(value));
  return [
    ...(problem === null ? [] : [`PROBLEM: ${problem}`]),
    ...table(
      Object.entries(settings).map(([name, value]) => [
        name.replace(/_days$/, ""),
        said(name, value),
        name in set ? `set; configured: ${defaults[name as keyof RetentionPolicy]}` : "",
      ]),
    ),
    ...(changed === null ? [] : [`Set ${changed.time} by ${changed.who}`]),
    forecast.text,
    ...(due.steps.length === 0
      ? [`Nothing ${verb} deleted now.`]
      : [`${rows(due.rows)}, ${formatBytes(due.bytes)} ${verb} deleted now:`, ...due.steps.map((step) => `  ${stepLine(step)}`)]),
  ];
}

export function holdLine({ id, from, to, network, reason, who, released, released_by, bytes, rows: count }: LegalHold): string {
  const range = `${from} to ${to ?? "(it goes on)"}${network === null ? "" : ` in ${network}`}`;
  const state = released === null ? `keeps ${rows(count)}, ${formatBytes(bytes)}` : `released ${released} by ${released_by}`;
  return `${id}  ${range}: ${reason} (${who}); ${state}`;
}

function stepLine({ table, from, rows: count, bytes, why, how }: DropStep): string {
  const which = how === "whole" ? "all" : "rows that ended long ago";
  return `${table} of ${day(from)}, ${which}: ${rows(count)}, ${formatBytes(bytes)}, by ${why}`;
}

function nextLine(next: StoreReport["forecast"]["next"]): string[] {
  if (next === null) return [];
  return [`Next to go: ${next.table} of ${day(next.from)}, ${formatBytes(next.bytes)}, on ${day(next.at)}, by ${next.why}`];
}

/** Columns side by side; numbers and sizes are told to the left, too: they have units. */
function table(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
