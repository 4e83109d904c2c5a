/** What a watcher can be told, as texts: which settings there are is its own matter, their kind is that of the value before. */

export type SettingTexts = Readonly<Record<string, string>>;

export function writeSettings(settings: Readonly<Record<string, unknown>>): SettingTexts {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (isTextList(value)) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

export interface SettingsRead {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly mistakes: Readonly<Record<string, string>>;
}

/** @param before says of what kind each is: a number stays one */
export function readSettings(texts: SettingTexts, before: Readonly<Record<string, unknown>>): SettingsRead {
  const mistakes: Record<string, string> = {};
  const settings = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const value = readValue(text, before[name]);
      if (value === undefined) mistakes[name] = expectedFor(before[name]);
      return [name, value];
    }),
  );
  return { settings, mistakes };
}

/** Undefined: it is not of that kind. */
function readValue(text: string, before: unknown): unknown {
  if (typeof before === "string") return text.trim();
  if (isTextList(before)) {
    return text
      .split(/[,\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  const value = parsed(text);
  return value !== undefined && typeof value === typeof before && Array.isArray(value) === Array.isArray(before)
    ? value
    : undefined;
}

function expectedFor(before: unknown): string {
  if (typeof before === "number") return "A number.";
  return typeof before === "boolean" ? "true or false." : `JSON such as ${JSON.stringify(before)}.`;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `least_ports` → `Least ports` */
export function settingLabel(name: string): string {
  const words = name.replace(/_s$/, " (seconds)").replaceAll("_", " ");
  return `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}`;
}
