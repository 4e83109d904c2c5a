/** What a deletion has to do with the rest of a server. */
import type { NewEntry } from "../audit/log.ts";
import type { EraseJob } from "./job.ts";
import type { Kept } from "./report.ts";
import { type Subject, subjectText } from "./subject.ts";

/** The report, as the audit log keeps it. */
export function erasedEntry({ id, subject, report, who }: EraseJob): NewEntry {
  const { text: _, ...told } = report ?? { text: "" };
  return { action: "people.erased", target: subjectText(subject), details: { erasure: id, asked_by: who, report: told } };
}

/** @throws StoreError */
export async function alsoKept(
  subject: Subject,
  accounts: { list(): Promise<readonly { readonly name: string }[]> },
): Promise<Kept[]> {
  const named = subject.kind === "user" ? (await accounts.list()).filter(({ name }) => name === subject.name) : [];
  return [
    ...(named.length === 0
      ? []
      : [{ what: "account of that name", count: named.length, why: "it is for signing in: delete it in Settings → Access" }]),
    {
      what: "what comes from now on",
      count: null,
      why: "it is recorded as before. To leave it out, exclude it in Settings → Privacy: agents then record nothing of it",
    },
  ];
}
