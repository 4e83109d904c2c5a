import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { ChangeFlow, Review } from "./use-change.ts";

/** What saving does, to be read before it is done: it has the focus, not its button, which a held Enter would press. */
export function EffectBox({ flow, review, onBack }: { flow: ChangeFlow; review: Review; onBack(): void }) {
  const box = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each review is read anew
  useEffect(() => box.current?.focus(), [review]);
  return (
    <section ref={box} className="settings-effect" tabIndex={-1} aria-label="What saving does">
      {review.isOvertaken && (
        <p className="settings-overtaken">Nothing is saved yet: somebody else set something meanwhile. Look at it once more.</p>
      )}
      <h3>When this is saved</h3>
      <ul>
        {review.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <div className="settings-buttons">
        <Button size="sm" loading={flow.saving} onClick={() => flow.save()}>
          Save
        </Button>
        <Button size="sm" variant="default" disabled={flow.saving} onClick={onBack}>
          Go on editing
        </Button>
      </div>
    </section>
  );
}
