/** A change on its way: edited, reviewed, saved. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../lib/errors.ts";

/** What saving does, in words. */
export interface Review {
  readonly sentences: readonly string[];
}

export interface ChangeFlow {
  /** Null: it is being edited. */
  readonly review: Review | null;
  readonly busy: boolean;
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
  /** What the change would do. */
  preview(): Promise<Review>;
  /** Resolves with what to say then. */
  save(): Promise<string>;
  /** The draft is out of date: all is as saved. */
  done(): void;
}

/** The cache of every setting begins with this. */
export const SETTINGS_KEY = "settings";

export function useChange({ preview, save, done }: ChangeSteps): ChangeFlow {
  const client = useQueryClient();
  const [review, setReview] = useState<Review | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [saved, setSaved] = useState<string | null>(null);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (error) {
      setReview(null);
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return {
    review,
    busy,
    problem: failure === null ? null : failure instanceof Error ? failure.message : String(failure),
    problems: problemsOf(failure),
    saved,
    ask: () =>
      void run(async () => {
        setSaved(null);
        setReview(await preview());
      }),
    save: () =>
      void run(async () => {
        const text = await save();
        await client.invalidateQueries({ queryKey: [SETTINGS_KEY] });
        setReview(null);
        setSaved(text);
        done();
      }),
    edited: () => {
      setReview(null);
      setFailure(null);
      setSaved(null);
    },
  };
}

function problemsOf(failure: unknown): Readonly<Record<string, string>> {
  if (!(failure instanceof ApiError) || failure.data.code !== "REFUSED") return {};
  return Object.fromEntries((failure.data.problems ?? []).map(({ parameter, message }) => [parameter, message]));
}
