import { Button } from "@mantine/core";
import { IconClockExclamation, IconPlayerPlay } from "@tabler/icons-react";
import { isCostly, rowsWords, sourceWords } from "./plan-words.ts";
import type { Plan } from "./use-plan.ts";

export interface PlanNoteProps {
  readonly plan: Plan;
  /** It was asked to be run all the same. */
  readonly agreed: boolean;
  onRun(): void;
}

/** Where the answer comes from; where it takes long, one is asked before. */
export function PlanNote({ plan, agreed, onRun }: PlanNoteProps) {
  const words = rowsWords(plan);
  const costly = isCostly(plan);
  if (costly && !agreed) {
    return (
      <div className="analyze-costly" role="status">
        <IconClockExclamation size={18} stroke={1.8} aria-hidden />
        <p>{words} It may take long: less time, other dimensions or another filter may let a rollup answer.</p>
        <Button size="compact-sm" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={onRun}>
          Run it
        </Button>
      </div>
    );
  }
  return (
    <p className="analyze-plan">
      From {sourceWords(plan.answer)}.{words !== null && ` ${words}`}
      {costly && " It is not asked again by itself."}
    </p>
  );
}
