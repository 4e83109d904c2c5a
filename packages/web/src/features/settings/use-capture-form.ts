/** The form of what agents record, of whichever section. */
import { useState } from "react";
import { fetchCapture, setCapture } from "../../lib/api-settings.ts";
import type { CaptureReport } from "../../lib/types-settings.ts";
import { type CaptureDraft, captureBasis, captureChange, NO_DRAFT } from "./capture-draft.ts";
import { type ChangeFlow, useChange } from "./use-change.ts";
import { CAPTURE, useFresh } from "./use-settings.ts";

export interface CaptureForm {
  readonly draft: CaptureDraft;
  readonly saved: CaptureReport;
  /** When the server said what is saved. */
  readonly savedMs: number;
  readonly flow: ChangeFlow;
  readonly isDirty: boolean;
  edit(draft: CaptureDraft): void;
  discard(): void;
}

/** @param onClean what was written is out of date: all is as saved */
export function useCaptureForm(saved: CaptureReport, onClean?: () => void): CaptureForm {
  const [draft, setDraft] = useState<CaptureDraft>(NO_DRAFT);
  const change = captureChange(draft);
  const clean = () => {
    setDraft(NO_DRAFT);
    onClean?.();
  };
  const flow = useChange({
    preview: async () => (await setCapture(change ?? {}, true)).effect.sentences,
    basis: async () => captureBasis(await fetchCapture()),
    save: async () => {
      const { effect } = await setCapture(change ?? {}, false);
      return `Saved. ${effect.agents === 0 ? "Agents" : effect.agents === 1 ? "One agent" : `${effect.agents} agents`} will do so within half a minute.`;
    },
    done: clean,
  });
  const edit = (next: CaptureDraft) => {
    setDraft(next);
    flow.edited();
  };
  const discard = () => {
    clean();
    flow.edited();
  };
  return { draft, saved, savedMs: useFresh(CAPTURE, change === null), flow, isDirty: change !== null, edit, discard };
}
