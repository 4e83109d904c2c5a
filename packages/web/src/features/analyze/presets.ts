/** Questions that others asked before, as they stand in `presets.json`; the rest of each is as in the first question. */
import { type Asked, writeAsked } from "../../lib/asked.ts";
import presets from "./presets.json" with { type: "json" };
import { FIRST_QUESTION, GRAPHS, METRICS, type Question, RANKS, writeQuestion } from "./question.ts";

export interface Preset {
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly says: string;
  readonly question: Question;
  /** In the filter language; empty: all. */
  readonly q: string;
}

interface PresetJson extends Omit<Partial<Question>, "graph" | "metric" | "rank"> {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly graph: string;
  readonly metric: string;
  readonly rank?: string;
  readonly q?: string;
}

function presetOf({ id, title, says, q = "", graph, metric, rank = FIRST_QUESTION.rank, ...rest }: PresetJson): Preset {
  const choice = <T extends string>(choices: readonly { readonly value: T }[], text: string): T => {
    const found = choices.find(({ value }) => value === text);
    if (found === undefined) throw new TypeError(`preset ${id}: nothing is called ${text}`);
    return found.value;
  };
  const chosen = { graph: choice(GRAPHS, graph), metric: choice(METRICS, metric), rank: choice(RANKS, rank) };
  return { id, title, says, q, question: { ...FIRST_QUESTION, ...rest, ...chosen } };
}

export const PRESETS: readonly Preset[] = (presets as readonly PresetJson[]).map(presetOf);

/** What a list answers better than a sum: it stands in Traffic Logs. */
export const LISTS = [
  {
    id: "longest",
    title: "Longest open",
    says: "Open connections in Traffic Logs, the longest first",
    q: "state=open",
    sort: "duration",
  },
] as const;

/** The address of such a list. */
export function listParams({ q, sort }: (typeof LISTS)[number], asked: Asked): URLSearchParams {
  return writeAsked({ ...asked, q }, new URLSearchParams({ reports: "merged", sort }));
}

/** Its address: network and time stay, its filter takes the place of the one before. */
export function presetParams({ question, q }: Preset, asked: Asked): URLSearchParams {
  return writeAsked({ ...asked, q }, writeQuestion(question));
}
