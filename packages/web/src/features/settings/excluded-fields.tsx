/** Whose flows are not recorded at all: lists, one entry a line. */
import type { ReactNode } from "react";
import { useState } from "react";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import type { CapturePolicy } from "../../lib/types-settings.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { readDomains, readRanges, readWords } from "./capture-draft.ts";
import { Field } from "./fields.tsx";

type List = "exclude_users" | "exclude_groups" | "exclude_nodes" | "exclude_domains" | "exclude";
interface Read {
  readonly words: readonly string[];
  readonly problem: string | null;
}

const words = (text: string): Read => ({ words: readWords(text), problem: null });
const LISTS: readonly {
  readonly list: List;
  readonly label: string;
  readonly placeholder: string;
  readonly about: ReactNode;
  readonly read: (text: string) => Read;
}[] = [
  {
    list: "exclude_users",
    label: "Users and config files",
    placeholder: "ana@example.com",
    about: "By id or name, on all their devices, as long as the inventory knows these.",
    read: words,
  },
  {
    list: "exclude_groups",
    label: "Groups and tags",
    placeholder: "works-council",
    about: "Whoever has one of them.",
    read: words,
  },
  {
    list: "exclude_nodes",
    label: "Nodes",
    placeholder: "hr-server",
    about: "Flows with the node at either end, whoever reports them.",
    read: words,
  },
  {
    list: "exclude_domains",
    label: "Domains",
    placeholder: "example.com",
    about:
      "example.com is it and all below it, *.example.com all below it alone. Agents wait up to 3 s for a flow’s name before they tell of it. Where no names are kept, none is known to be excluded.",
    read: (text) => {
      const { domains, problem } = readDomains(text);
      return { words: domains, problem };
    },
  },
  {
    list: "exclude",
    label: "Address ranges",
    placeholder: "10.20.0.0/16",
    about: "Flows with an end in one of them.",
    read: (text) => {
      const { ranges, problem } = readRanges(text);
      return { words: ranges, problem };
    },
  },
];

/** As written; left out: as in force. */
export type ExcludedTexts = Partial<Record<List, string>>;

/** Is what is written of no use? */
export function isWrong(texts: ExcludedTexts): boolean {
  return LISTS.some(({ list, read }) => texts[list] !== undefined && read(texts[list]).problem !== null);
}

export interface ExcludedFieldsProps {
  readonly texts: ExcludedTexts;
  /** In force, or edited. */
  readonly settings: CapturePolicy;
  readonly problems: Readonly<Record<string, string>>;
  /** @param change null: what is written is of no use, and what is in force stays */
  onWrite(texts: ExcludedTexts, change: Partial<CapturePolicy>): void;
}

export function ExcludedFields({ texts, settings, problems, onWrite }: ExcludedFieldsProps) {
  // What the form began with stays above each list, however it is edited.
  const [begun] = useState(settings);
  return (
    <section className="settings-group">
      <h3>Not recorded at all</h3>
      <p className="settings-about">
        Agents leave these flows out before anything is written, and count them; this server drops what others send of them. One a
        line. A whole network, or what one node’s agent sees, is switched off in{" "}
        <PageLink path={SETTINGS_PATH} params={new URLSearchParams({ section: "traffic" })}>
          Traffic logs
        </PageLink>
        .
      </p>
      {LISTS.map(({ list, label, placeholder, about, read }) => {
        const text = texts[list] ?? settings[list].join("\n");
        const server = Object.entries(problems).find(([field]) => field === list || field.startsWith(`${list}.`))?.[1];
        return (
          <Field
            key={list}
            label={label}
            lines={Math.min(Math.max(begun[list].length + 1, 2), 6)}
            placeholder={placeholder}
            about={about}
            value={text}
            mistake={read(text).problem ?? server}
            onChange={(next) => {
              const { words, problem } = read(next);
              onWrite({ ...texts, [list]: next }, problem === null ? { [list]: words } : {});
            }}
          />
        );
      })}
    </section>
  );
}
