/** Silences of all alerts with certain labels: settings, set here or on another server. */
import { randomUUID } from "node:crypto";
import type { AlertSilence } from "@flowtrail/model";
import { z } from "zod";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { Setting } from "../store/settings/settings-log.ts";
import type { By } from "./rule-book.ts";

const kept = z.object({
  rule: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  until: z.string(),
  note: z.string(),
});

export type NewSilence = Omit<AlertSilence, "id" | "who">;

interface Labelled {
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
}

export class Silences {
  readonly #book: Pick<SettingsBook, "settings" | "inTurn" | "append">;
  #known: { readonly settings: readonly Setting[]; readonly all: readonly AlertSilence[] } | null = null;

  constructor(book: Pick<SettingsBook, "settings" | "inTurn" | "append">) {
    this.#book = book;
  }

  /** In force at this time, those that end first first. */
  at(nowMs: number): readonly AlertSilence[] {
    const { settings } = this.#book;
    if (this.#known?.settings !== settings) this.#known = { settings, all: silencesOf(settings) };
    return this.#known.all.filter(({ until }) => Date.parse(until) > nowMs);
  }

  /** The one that lasts longest. */
  of(alert: Labelled, nowMs: number): AlertSilence | null {
    return this.at(nowMs).findLast((silence) => isSilenced(alert, silence)) ?? null;
  }

  /** @throws StoreError, SettingsConflict */
  async add(silence: NewSilence, by: By): Promise<AlertSilence> {
    const added = { id: randomUUID(), ...silence, who: by.who };
    await this.#set(added.id, JSON.stringify(silence), `silence of ${textOf(silence)}`, by);
    return added;
  }

  /** @returns whether there was one. @throws StoreError, SettingsConflict */
  async end(id: string, by: By): Promise<boolean> {
    const silence = this.at(by.ms).find((one) => one.id === id);
    if (silence === undefined) return false;
    await this.#set(id, "null", `end of the silence of ${textOf(silence)}`, by);
    return true;
  }

  #set(id: string, value: string, what: string, { who, ms }: By): Promise<void> {
    return this.#book.inTurn(() => this.#book.append([{ name: "alert_silence", id, who, what, value }], ms));
  }
}

export function isSilenced({ rule, labels }: Labelled, silence: Pick<AlertSilence, "rule" | "labels">): boolean {
  return (
    (silence.rule === null || silence.rule === rule) &&
    Object.entries(silence.labels).every(([name, value]) => labels[name] === value)
  );
}

function textOf({ rule, labels }: NewSilence): string {
  const which = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [rule ?? "all rules", ...which].join(" ");
}

function silencesOf(settings: readonly Setting[]): AlertSilence[] {
  const all = settings
    .filter(({ name, value }) => name === "alert_silence" && value !== "null")
    .map(({ id, value, who }): AlertSilence => ({ id, ...kept.parse(JSON.parse(value)), who }));
  return all.sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
}
