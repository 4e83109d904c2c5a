/** Readable ids that are made of names. */

/** `SSH from outside!` → `ssh-from-outside`; empty: the name has no letter or digit that could stand in one. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, "");
}

/** One that nobody has: `on-call`, `on-call-2`. */
export function freeId(name: string, taken: readonly string[], otherwise: string): string {
  const slug = slugOf(name) || otherwise;
  if (!taken.includes(slug)) return slug;
  for (let i = 2; ; i++) if (!taken.includes(`${slug}-${i}`)) return `${slug}-${i}`;
}
