/** The form of what agents record, of whichever section. */
import { useState } from "react";
import { setCapture } from "../../lib/api-settings.ts";
import type { CaptureReport } from "../../lib/types-settings.ts";
import { type CaptureDraft, captureChange, NO_DRAFT } from "./capture-draft.ts";
import { type ChangeFlow, useChange } from "./use-change.ts";

export interface CaptureForm {
  readonly draft: CaptureDraft;
  readonly saved: CaptureReport;
  readonly flow: ChangeFlow;
  readonly isDirty: boolean;
  edit(draft: CaptureDraft): void;
  discard(): void;
}

export function useCaptureForm(saved: CaptureReport): CaptureForm {
  const [draft, setDraft] = useState<CaptureDraft>(NO_DRAFT);
  const change = captureChange(draft);
  const flow = useChange({
    preview: async () => (await setCapture(change ?? {}, true)).effect,
    save: async () => {
      const { effect } = await setCapture(change ?? {}, false);
      return `Saved. ${effect.agents === 0 ? "Agents" : effect.agents === 1 ? "One agent" : `${effect.agents} agents`} will do so within half a minute.`;
    },
    done: () => setDraft(NO_DRAFT),
  });
  const edit = (next: CaptureDraft) => {
    setDraft(next);
    flow.edited();
  };
  return { draft, saved, flow, isDirty: change !== null, edit, discard: () => edit(NO_DRAFT) };
}
