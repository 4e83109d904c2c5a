/** Retention as a form, and what a change of it would delete, in words. */
import { formatBytes, formatCount, type RetentionPolicy, type StoreReport } from "@flowtrail/model";
import type { RetentionChange } from "../../lib/api-settings.ts";

export interface KeptField {
  readonly name: keyof RetentionPolicy;
  readonly label: string;
  readonly about: string;
  readonly unit?: string;
}

export const KEPT_FIELDS: readonly KeptField[] = [
  { name: "flows_days", label: "Flows", unit: "days", about: "Every row of Traffic Logs, counted from its end." },
  {
    name: "deltas_days",
    label: "When bytes flowed",
    unit: "days",
    about: "Within a flow's life. Before that, charts of what no sum has are estimates.",
  },
  { name: "minutes_days", label: "Sums by minute", unit: "days", about: "What charts of hours are made of." },
  {
    name: "hours_days",
    label: "Sums by hour",
    unit: "days",
    about: "What charts of months are made of. Whole months are deleted.",
  },
  { name: "rejected_days", label: "Refused rows", unit: "days", about: "What was sent and could not be taken." },
  { name: "batches_days", label: "Uploads", unit: "days", about: "What each upload of an agent brought." },
  { name: "audit_days", label: "Audit log", unit: "days", about: "Who did what. Never deleted for the store's size." },
  {
    name: "max_size",
    label: "Largest size",
    about: "A size such as 200GiB, a share of the disk such as 80%, or none. Above it the oldest day is deleted.",
  },
];
const TABLES: Readonly<Record<string, string>> = {
  flows: "flows",
  flows_long: "long flows",
  flow_deltas: "when bytes flowed",
  flows_rejected: "refused rows",
  agent_batches: "uploads",
  audit: "the audit log",
};

export type KeptTexts = Partial<Record<keyof RetentionPolicy, string>>;

/** What was written, as it is sent; null: nothing differs. What is no number goes as it is: the server says what is wrong with it. */
export function keptChange(texts: KeptTexts, settings: RetentionPolicy): RetentionChange | null {
  const entries = Object.entries(texts).flatMap(([name, text]) => {
    const written = text.trim();
    if (written === String(settings[name as keyof RetentionPolicy])) return [];
    return [[name, name === "max_size" ? written : Number(written)]];
  });
  return entries.length === 0 ? null : (Object.fromEntries(entries) as RetentionChange);
}

/** What is set, of whoever: a change that was reviewed before something else was set may delete something else. */
export function retentionBasis({ settings, holds }: Pick<StoreReport, "settings" | "holds">): string {
  return JSON.stringify([settings, holds.filter(({ released }) => released === null).map(({ id }) => id)]);
}

/** Days that are no whole number, by field. */
export function keptMistakes(texts: KeptTexts): Readonly<Record<string, string>> {
  const wrong = Object.entries(texts).filter(([name, text]) => name !== "max_size" && !/^\s*[1-9]\d{0,3}\s*$/.test(text));
  return Object.fromEntries(wrong.map(([name]) => [name, "expected a whole number of days from 1 to 3650"]));
}

/** @param report of a dry run */
export function deletionSentences({ due, forecast }: Pick<StoreReport, "due" | "forecast">): string[] {
  if (due.rows === 0 && due.steps.length === 0) return ["Nothing is deleted now.", forecast.text];
  const tables = [...new Set(due.steps.map(({ table }) => tableText(table)))].map((name) => {
    const steps = due.steps.filter(({ table }) => tableText(table) === name);
    const rows = steps.reduce((sum, step) => sum + step.rows, 0);
    const [from = "", until = ""] = [
      steps.map((step) => step.from).sort()[0],
      steps
        .map((step) => step.until)
        .sort()
        .at(-1),
    ];
    return `${capital(name)} of ${day(from)} to ${day(until)}: ${rowsText(rows)}.`;
  });
  return [
    `${rowsText(due.rows)} (${formatBytes(due.bytes)}) ${due.rows === 1 ? "is" : "are"} deleted within a minute, and can't be had back.`,
    ...tables,
    forecast.text,
  ];
}

/** The sums are a dozen tables. */
const tableText = (table: string) => TABLES[table] ?? (table.startsWith("rollup_") ? "sums for charts" : table);
const rowsText = (count: number) => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;
const day = (time: string) => time.slice(0, 10);
const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
