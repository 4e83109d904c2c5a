/** At the end of a form: what is not saved, what saving it will do, and what was saved. */
import { Button, Modal } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import type { ChangeFlow } from "./use-change.ts";
import { useLeaveGuard } from "./use-leave-guard.ts";

export interface ReviewBarProps {
  readonly flow: ChangeFlow;
  readonly isDirty: boolean;
  /** The form has mistakes: nothing to review. */
  readonly isWrong?: boolean;
  onDiscard(): void;
}

export function ReviewBar({ flow, isDirty, isWrong = false, onDiscard }: ReviewBarProps) {
  const { leave, stay } = useLeaveGuard(isDirty);
  const { review, busy, problem, saved } = flow;
  return (
    <div className="settings-review" aria-live="polite">
      <Modal
        opened={leave !== null}
        onClose={stay}
        title="Leave without saving?"
        size="sm"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <p>Your changes are not saved: they are gone when you leave.</p>
        <div className="settings-buttons settings-leave">
          <Button size="sm" data-autofocus onClick={stay}>
            Stay
          </Button>
          <Button size="sm" variant="default" onClick={() => leave?.()}>
            Leave
          </Button>
        </div>
      </Modal>
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {saved !== null && !isDirty && (
        <p className="settings-saved">
          <IconCheck size={16} stroke={2} aria-hidden /> {saved}{" "}
          <PageLink path={SETTINGS_PATH} params={new URLSearchParams({ section: "audit" })}>
            Audit list
          </PageLink>
        </p>
      )}
      {review !== null && (
        <section className="settings-effect" aria-label="What saving does">
          <h3>When this is saved</h3>
          <ul>
            {review.sentences.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          <div className="settings-buttons">
            <Button size="sm" autoFocus loading={busy} onClick={() => flow.save()}>
              Save
            </Button>
            <Button size="sm" variant="default" disabled={busy} onClick={() => flow.edited()}>
              Go on editing
            </Button>
          </div>
        </section>
      )}
      {review === null && isDirty && (
        <div className="settings-buttons">
          <Button size="sm" loading={busy} disabled={isWrong} onClick={() => flow.ask()}>
            Review
          </Button>
          <Button size="sm" variant="default" disabled={busy} onClick={onDiscard}>
            Discard
          </Button>
          <span className="settings-hint">Not saved yet.</span>
        </div>
      )}
    </div>
  );
}
