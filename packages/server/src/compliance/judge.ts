/** Whether a day is what its manifest says, and whether what is different has a known reason. Pure. */
import { formatCount } from "@flowtrail/model";
import type { Slice } from "./manifest.ts";
import type { Measured } from "./measure.ts";

/** Rows of the day that were deleted rightly since the manifest was made. */
export interface Removal {
  readonly rows: number;
  /** Who, when, why: for people. */
  readonly text: string;
}

export interface Judged {
  readonly state: "ok" | "amended" | "altered";
  readonly reasons: readonly string[];
}

/** @param sealed of the day's last manifest */
export function judge(sealed: readonly Slice[], { all, before }: Measured, removals: readonly Removal[]): Judged {
  const [was, is, old] = [byNumber(sealed), byNumber(all), byNumber(before)];
  const numbers = [...new Set([...was.keys(), ...is.keys()])].sort((a, b) => a - b);
  let removable = removals.reduce((sum, { rows }) => sum + rows, 0);
  let [late, replaced, removed] = [0, 0, 0];
  const altered: string[] = [];
  for (const number of numbers) {
    const [, wasRows, wasHash] = was.get(number) ?? NONE;
    const [, isRows, isHash] = is.get(number) ?? NONE;
    if (wasRows === isRows && wasHash === isHash) continue;
    const [, oldRows, oldHash] = old.get(number) ?? NONE;
    const came = isRows - oldRows;
    const gone = wasRows - oldRows;
    if (oldRows === wasRows && oldHash === wasHash) {
      late += came;
      continue;
    }
    // Of those that were there, some are not: later reports of the same flows took their place, or they were deleted rightly.
    const byLater = Math.min(gone, came);
    const rest = gone - byLater;
    if (gone <= 0 || rest > removable) altered.push(alteredText(number, gone));
    else {
      late += came - byLater;
      replaced += byLater;
      removed += rest;
      removable -= rest;
    }
  }
  if (altered.length > 0) return { state: "altered", reasons: bounded(altered) };
  const reasons = [
    ...(late > 0 ? [`${counted(late)} came after the manifest was made (flows that ended later, agents that were away)`] : []),
    ...(replaced > 0 ? [`${counted(replaced)} replaced by later reports of the same flows`] : []),
    ...(removed > 0 ? [`${counted(removed)} deleted: ${removals.map(({ text }) => text).join("; ")}`] : []),
  ];
  return { state: reasons.length === 0 ? "ok" : "amended", reasons };
}

const NONE: Slice = [0, 0, ""];
const MOST_TOLD = 8;
const byNumber = (slices: readonly Slice[]) => new Map(slices.map((slice) => [slice[0], slice]));
const counted = (rows: number) => `${formatCount(rows)} ${rows === 1 ? "report" : "reports"}`;

function alteredText(number: number, gone: number): string {
  const clock = (quarter: number) =>
    `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;
  const what = gone > 0 ? `${counted(gone)} missing` : gone < 0 ? `${counted(-gone)} too many` : "other content";
  return `${clock(number)} to ${clock(number + 1)}: ${what}, and nothing explains it`;
}

function bounded(texts: readonly string[]): string[] {
  const rest = texts.length - MOST_TOLD;
  return rest <= 0 ? [...texts] : [...texts.slice(0, MOST_TOLD), `and ${rest} more quarters of an hour`];
}
