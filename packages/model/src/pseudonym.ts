/** How names of people look where they are kept under a key. Made and revealed by the server alone. */
export const PSEUDONYM_KINDS = ["user", "config", "device"] as const;
export type PseudonymKind = (typeof PSEUDONYM_KINDS)[number];

const FORM = /^(user|config|device)-([a-z2-7]{26,})$/;
const SHOWN = 8;

/** The kind and the rest of a pseudonym; null: it is none. */
export function readPseudonym(text: string): { readonly kind: PseudonymKind; readonly sealed: string } | null {
  const match = FORM.exec(text);
  return match === null ? null : { kind: match[1] as PseudonymKind, sealed: match[2] ?? "" };
}

/** `user-7f3kq2xw…`: enough to tell people apart on a page. What is no pseudonym stays as it is. */
export function shortPseudonym(text: string): string {
  const pseudonym = readPseudonym(text);
  return pseudonym === null ? text : `${pseudonym.kind}-${pseudonym.sealed.slice(0, SHOWN)}…`;
}
