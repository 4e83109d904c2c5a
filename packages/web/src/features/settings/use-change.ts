/** A change on its way: edited, reviewed, saved. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { focusIfLost, SECTION_TITLE } from "./focus.ts";
import { problemsOf } from "./problems.ts";

/** What saving does, in words. */
export interface Review {
  readonly sentences: readonly string[];
  /** What was in force when it was found out. */
  readonly basis: string;
  /** Others set something after an earlier review, which is therefore not saved. */
  readonly isOvertaken: boolean;
}

export interface ChangeFlow {
  /** Null: it is being edited. */
  readonly review: Review | null;
  readonly busy: boolean;
  /** What is written now would be lost: fields are closed. */
  readonly saving: boolean;
  /** Of the server, for people; null: none. */
  readonly problem: string | null;
  /** Of the server, by field. */
  readonly problems: Readonly<Record<string, string>>;
  /** What was saved last; null: nothing since it was edited again. */
  readonly saved: string | null;
  ask(): void;
  save(): void;
  /** It is edited: what was reviewed is out of date. */
  edited(): void;
}

export interface ChangeSteps {
  /** What the change would do, in words. Figures in them may differ from one time to the next. */
  preview(): Promise<readonly string[]>;
  /** What others may set meanwhile and what makes the change another one. Left out: nothing. */
  basis?(): Promise<string>;
  /** Resolves with what to say then. */
  save(): Promise<string>;
  /** The draft is out of date: all is as saved. */
  done(said: string): void;
  /** Id of the heading that has the focus afterwards. */
  readonly title?: string;
}

/** The cache of every setting begins with this. */
export const SETTINGS_KEY = "settings";

export function useChange({ preview, basis, save, done, title = SECTION_TITLE }: ChangeSteps): ChangeFlow {
  const client = useQueryClient();
  const [review, setReview] = useState<Review | null>(null);
  const [doing, setDoing] = useState<"ask" | "save" | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [saved, setSaved] = useState<string | null>(null);
  /** Raised by every edit: what was asked of an earlier draft is no answer any more. */
  const edits = useRef(0);
  const run = async (what: "ask" | "save", work: (isCurrent: () => boolean) => Promise<void>) => {
    const of = edits.current;
    const isCurrent = () => of === edits.current;
    setDoing(what);
    setFailure(null);
    try {
      await work(isCurrent);
    } catch (error) {
      if (!isCurrent()) return;
      setReview(null);
      setFailure(error);
      focusIfLost(title);
    } finally {
      if (isCurrent()) setDoing(null);
    }
  };
  /** In this order: what is set while the sentences are made counts as set after them. */
  const reviewed = async (isOvertaken: boolean): Promise<Review> => {
    const inForce = (await basis?.()) ?? "";
    return { sentences: await preview(), basis: inForce, isOvertaken };
  };
  return {
    review,
    busy: doing !== null,
    saving: doing === "save",
    problem: failure === null ? null : failure instanceof Error ? failure.message : String(failure),
    problems: problemsOf(failure),
    saved,
    ask: () =>
      void run("ask", async (isCurrent) => {
        setSaved(null);
        const found = await reviewed(false);
        if (isCurrent()) setReview(found);
      }),
    save: () =>
      void run("save", async () => {
        if (basis !== undefined && (await basis()) !== review?.basis) {
          setReview(await reviewed(true));
          return;
        }
        const said = await save();
        await client.invalidateQueries({ queryKey: [SETTINGS_KEY] });
        setReview(null);
        setSaved(said);
        done(said);
        focusIfLost(title);
      }),
    edited: () => {
      edits.current++;
      setDoing(null);
      setReview(null);
      setFailure(null);
      setSaved(null);
    },
  };
}
