/** What a deletion has to do with the rest of a server. */
import type { NewEntry } from "../audit/log.ts";
import type { Setting, SettingName } from "../store/settings/settings-log.ts";
import type { EraseJob } from "./job.ts";
import { isNamedIn } from "./naming.ts";
import type { Kept } from "./report.ts";
import { type Subject, subjectText } from "./subject.ts";

/** The report, as the audit log keeps it. */
export function erasedEntry({ id, subject, report, who }: EraseJob): NewEntry {
  const { text: _, ...told } = report ?? { text: "" };
  return { action: "people.erased", target: subjectText(subject), details: { erasure: id, asked_by: who, report: told } };
}

/** Settings that may name somebody. */
const SETTINGS: Readonly<Partial<Record<SettingName, string>>> = {
  alert_rule: "alert rules",
  alert_silence: "silences of alerts",
  recipient: "recipients",
  policy: "policies",
  sink: "sinks",
};

/** @throws StoreError */
export async function alsoKept(
  subject: Subject,
  {
    accounts,
    settings,
  }: { readonly accounts: { list(): Promise<readonly { readonly name: string }[]> }; readonly settings: readonly Setting[] },
): Promise<Kept[]> {
  const naming = settings.filter(({ name, value }) => SETTINGS[name] !== undefined && isNamedIn(value, subject));
  const kinds = [...new Set(naming.map(({ name }) => SETTINGS[name]))];
  const named = subject.kind === "user" ? (await accounts.list()).filter(({ name }) => name === subject.name) : [];
  return [
    ...(named.length === 0
      ? []
      : [{ what: "account of that name", count: named.length, why: "it is for signing in: delete it in Settings → Access" }]),
    ...(naming.length === 0
      ? []
      : [
          {
            what: `settings that name it (${kinds.join(", ")})`,
            count: naming.length,
            why: "somebody set them: change or delete them where they are. Their earlier versions stay, as evidence",
          },
        ]),
    {
      what: "what recipients and sinks were sent before",
      count: null,
      why: "it is no more here: delete it there. That an alert which was deleted here is over is told to nobody",
    },
    {
      what: "what comes from now on",
      count: null,
      why: "it is recorded as before. To leave it out, exclude it in Settings → Privacy: agents then record nothing of it",
    },
  ];
}
