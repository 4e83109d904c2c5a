/** What of a request may stand in the audit log: bounded, and nothing that lets anybody in. */

const HIDDEN = "…";
/** Names of what is never told, whatever it holds. `old`: the password before, where it is changed. */
const SECRET_NAME =
  /pass|secret|token|credential|cookie|authori[sz]ation|private|signature|otp|hash|^old$|(^|[_.-])(code|key|pin|salt)s?$|[a-z](Code|Key|Pin|Salt)s?$/i;
/** Texts that are secrets wherever they stand: tokens of ours, of others (JWT), keys in PEM, the password of a URL. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\bft_[a-z]+_[\w-]{8,}/g, HIDDEN],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/-----BEGIN [A-Z ]+-----[^-]*(-----END [A-Z ]+-----)?/g, HIDDEN],
  [/\b(bearer|basic)\s+\S+/gi, HIDDEN],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${HIDDEN}@`],
];
const MAX_TEXT = 2000;
const MAX_ITEMS = 100;
const MAX_DEPTH = 6;
const MAX_BYTES = 16_384;

/** A text without what lets anybody in, and not too long. */
export function safeText(text: string, max: number = MAX_TEXT): string {
  // A secret that the end cuts through must still be known as one; and nobody can make this take long.
  const safe = SECRET_TEXTS.reduce((so, [secret, instead]) => so.replace(secret, instead), text.slice(0, max + MAX_TEXT));
  return safe.length > max ? `${safe.slice(0, max)}…` : safe;
}

/** The same of anything that JSON can hold. */
function safeValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return safeText(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  if (typeof value !== "object") return undefined;
  if (depth >= MAX_DEPTH) return HIDDEN;
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => safeValue(item, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `and ${value.length - MAX_ITEMS} more`] : items;
  }
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, inner]) => [safeText(name, 100), isSecret(name, inner) ? HIDDEN : safeValue(inner, depth + 1)]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  return value !== null && typeof value !== "boolean" && typeof value !== "number" && SECRET_NAME.test(name);
}

/** Details as they are stored. */
export function detailsJson(details: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(safeValue(details));
  if (Buffer.byteLength(json) <= MAX_BYTES) return json;
  // Which ones there were, and those that fit.
  const kept: Record<string, unknown> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
    const size = Buffer.byteLength(JSON.stringify(value)) + name.length;
    bytes += size;
    kept[name] = bytes > MAX_BYTES ? `left out: ${size} bytes` : value;
    if (bytes > MAX_BYTES) bytes -= size;
  }
  return JSON.stringify(kept);
}
