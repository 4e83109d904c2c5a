/** The sign-in link that `flowtrail up` prints: `http://…/#signin=<code>`. A fragment is never sent to a server or written to its log. */

export function codeInFragment(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("signin") || null;
}

/** The address without its fragment. */
export function withoutFragment(href: string): string {
  const url = new URL(href);
  return url.pathname + url.search;
}

/** What people paste into the field: the code or token itself, or the whole link. */
export function codeInInput(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf("#");
  return (hash >= 0 ? codeInFragment(trimmed.slice(hash)) : null) ?? trimmed;
}
