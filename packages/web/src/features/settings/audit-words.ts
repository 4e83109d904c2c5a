/** The audit list in words. */
import type { SettingChange } from "../../lib/types-settings.ts";
import { KEPT_FIELDS } from "./retention-words.ts";

const PARTS: Readonly<Record<SettingChange["name"], string>> = {
  capture: "All nodes",
  network: "Network",
  node: "Node",
  retention: "Retention",
  hold: "Legal hold",
};

export function partText({ name }: Pick<SettingChange, "name">): string {
  return PARTS[name];
}

/** `flows_days 30 → 7` becomes `Flows 30 → 7 days`. */
export function changeText({ name, what }: Pick<SettingChange, "name" | "what">): string {
  if (name === "hold") return what.replace(/^hold: /, "held: ");
  // The column before it says which kind it is.
  if (name !== "retention") return what.replace(/^(network|node) /, "");
  return what
    .split(", ")
    .map((part) => {
      const field = KEPT_FIELDS.find((one) => part.startsWith(`${one.name} `));
      if (field === undefined) return part;
      return `${field.label}${part.slice(field.name.length)}${field.unit === undefined ? "" : ` ${field.unit}`}`;
    })
    .join(", ");
}

const KINDS: Readonly<Record<string, string>> = { api: "token", session: "signed in by", agent: "agent" };

/** `api command line of …` becomes `command line of … (token)`. */
export function whoText(who: string): string {
  const [, kind = "", name = ""] = /^(\w+) (.+)$/.exec(who) ?? [];
  const known = KINDS[kind];
  if (known === undefined) return who === "anybody" ? "anybody (nobody is asked for credentials)" : who;
  return kind === "session" ? `${known} ${name}` : `${name} (${known})`;
}
