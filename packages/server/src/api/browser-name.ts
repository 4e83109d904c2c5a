/** A browser in the words of its person: `Firefox on Linux`. Programs that pass for browsers are taken at their word: it is only shown. */
export function browserName(userAgent: string | undefined): string {
  const agent = userAgent ?? "";
  const first = (names: readonly (readonly [RegExp, string])[]) => names.find(([sign]) => sign.test(agent))?.[1];
  const browser = first(BROWSERS);
  const system = first(SYSTEMS);
  if (browser === undefined) return agent.match(/^[\w.-]{1,40}/)?.[0] ?? "a program";
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** Those that also call themselves by the names of others come before these. */
const BROWSERS = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|Chromium|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/\bAndroid\b/, "Android"],
  [/\b(?:iPhone|iPad)\b/, "iOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
] as const;
