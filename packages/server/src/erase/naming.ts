/** Texts that people read, such as the sentence of an alert: whom they name is told by whole words. */
import { namesFor, type Subject } from "./subject.ts";

/** For RE2 and JavaScript alike. 10.1.0.2 is not in 10.1.0.21, nor alice in alice@example.org, and `network=` names nobody. */
export function namingPattern(names: readonly string[]): string {
  // In JSON a name may be written otherwise.
  const forms = [...new Set(names.flatMap((name) => [name, JSON.stringify(name).slice(1, -1)]))];
  return forms
    .map((form) => {
      const more = form.includes(":") ? ":" : "";
      const word = `\\p{L}\\p{N}_${more}`;
      const text = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return `(?:^|[^${word}.@-])${text}(?:$|[^${word}.@=!<>~-]|\\.(?:$|[^${word}]))`;
    })
    .join("|");
}

/** What of an alert tells whom it is about. */
export interface NamingAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly q: string;
}

/** @param names that rows have for it */
export function namedBy(subject: Subject, names: readonly string[]): (alert: NamingAlert) => boolean {
  const pattern = new RegExp(namingPattern([...new Set([...namesFor(subject), ...names])]), "u");
  return ({ labels, summary, q }) =>
    (subject.kind !== "address" || (labels.network ?? subject.network) === subject.network) &&
    pattern.test([...Object.values(labels), summary, q].join("\n"));
}

/** Is it in any text of this JSON? */
export function isNamedIn(json: string, subject: Subject): boolean {
  const pattern = new RegExp(namingPattern(namesFor(subject)), "u");
  const has = (value: unknown): boolean =>
    typeof value === "string"
      ? pattern.test(value)
      : typeof value === "object" && value !== null && Object.values(value).some(has);
  return has(JSON.parse(json));
}
