/** At the end of a form: what is not saved, what saving it will do, and what was saved. */
import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { EffectBox } from "./effect-box.tsx";
import { focusHeading, SECTION_TITLE } from "./focus.ts";
import { LeaveDialog } from "./leave-dialog.tsx";
import type { ChangeFlow } from "./use-change.ts";

export interface ReviewBarProps {
  readonly flow: ChangeFlow;
  readonly isDirty: boolean;
  /** The form has mistakes: nothing to review. */
  readonly isWrong?: boolean;
  /** Of the heading above the form, which has the focus when the buttons here are gone. */
  readonly titleId?: string;
  onDiscard(): void;
}

export function ReviewBar({ flow, isDirty, isWrong = false, titleId = SECTION_TITLE, onDiscard }: ReviewBarProps) {
  const { review, busy, problem, saved } = flow;
  const backToForm = (work: () => void) => () => {
    work();
    focusHeading(titleId);
  };
  return (
    <div className="settings-review" aria-live="polite">
      <LeaveDialog isDirty={isDirty} />
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {!isDirty && <SavedText text={saved} />}
      {review !== null && <EffectBox flow={flow} review={review} onBack={backToForm(() => flow.edited())} />}
      {review === null && isDirty && (
        <div className="settings-buttons">
          <Button size="sm" loading={busy} disabled={isWrong} onClick={() => flow.ask()}>
            Review
          </Button>
          <Button size="sm" variant="default" disabled={busy} onClick={backToForm(onDiscard)}>
            Discard
          </Button>
          <span className="settings-hint">Not saved yet.</span>
        </div>
      )}
    </div>
  );
}

/** What was saved by a form that is gone since; null: nothing. */
export function SavedNote({ text }: { text: string | null }) {
  return (
    <div aria-live="polite">
      <SavedText text={text} />
    </div>
  );
}

function SavedText({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p className="settings-saved">
      <IconCheck size={16} stroke={2} aria-hidden /> {text}{" "}
      <PageLink path={SETTINGS_PATH} params={new URLSearchParams({ section: "audit" })}>
        Audit list
      </PageLink>
    </p>
  );
}
