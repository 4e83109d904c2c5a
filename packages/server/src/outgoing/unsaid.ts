/**
 * What others say, without what was said to them in confidence: pages of errors repeat the path that was asked for, and some the headers. Pure.
 */

/** Shorter ones are found in any sentence. */
const MIN_LENGTH = 6;
/** Of one part of a path or one parameter: what is shorter is a word, such as `services`. */
const MIN_PART_LENGTH = 10;
const NO_SECRETS: readonly string[] = ["content-type", "accept"];

/** What of a request may be secret: the path and the parameters of its address, its headers. */
export function confidential({ url, headers }: { url: string; headers: Readonly<Record<string, string>> }): string[] {
  const { pathname = "", search = "", searchParams, username = "", password = "" } = URL.parse(url) ?? {};
  const parts = pathname.split("/").slice(1);
  // A proxy may take off the beginning.
  const ends = parts.map((_, at) => `/${parts.slice(at).join("/")}`);
  const values = [...parts, ...(searchParams?.values() ?? [])].filter(({ length }) => length >= MIN_PART_LENGTH);
  const told = Object.entries(headers).flatMap(([name, value]) =>
    // `Bearer …`: the word is no secret, what follows it is one by itself.
    NO_SECRETS.includes(name.toLowerCase()) ? [] : [value, value.slice(value.indexOf(" ") + 1)],
  );
  return [
    ...ends.flatMap((end) => [end + search, end]),
    search.slice(1),
    ...values,
    password,
    `${username}:${password}`,
    ...told,
  ];
}

/** With `…` where the text repeats one of them, in whatever form; also the beginning of one at its very end, where it was cut. */
export function without(text: string, secrets: readonly string[]): string {
  const long = secrets.filter(({ length }) => length >= MIN_LENGTH);
  const forms = [...new Set(long.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  if (forms.length === 0) return text;
  const pattern = forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  const clean = text.replaceAll(new RegExp(pattern, "gi"), "…");
  const cut = Math.max(...forms.map((form) => lengthOfCut(clean, form)));
  return cut === 0 ? clean : `${clean.slice(0, -cut)}…`;
}

function formsOf(raw: string): string[] {
  const secret = raw.toWellFormed();
  const plain = decoded(secret);
  const bytes = Buffer.from(secret);
  const html = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    raw,
    plain,
    encodeURI(plain),
    encodeURIComponent(secret),
    encodeURIComponent(plain),
    html,
    html.replaceAll("'", "&#39;"),
    json,
    json.replaceAll("/", "\\/"),
    // With or without what it is filled up with.
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no URL has it
  }
}

function lengthOfCut(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length >= MIN_LENGTH; length--)
    if (text.endsWith(form.slice(0, length))) return length;
  return 0;
}
