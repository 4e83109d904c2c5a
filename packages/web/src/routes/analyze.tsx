import { Button } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { Form } from "../features/analyze/form.tsx";
import { PlanNote } from "../features/analyze/plan-note.tsx";
import { isCostly } from "../features/analyze/plan-words.ts";
import { isAsked } from "../features/analyze/question.ts";
import { Result } from "../features/analyze/result.tsx";
import { Tiles } from "../features/analyze/tiles.tsx";
import { useAnswer } from "../features/analyze/use-answer.ts";
import { usePlan } from "../features/analyze/use-plan.ts";
import { useQuestion } from "../features/analyze/use-question.ts";
import { WrongQuery } from "../features/filter/wrong-query.tsx";
import { EmptyLog } from "../features/traffic/empty-log.tsx";
import { mistakeIn } from "../lib/asked.ts";
import type { AnalyzeAnswer } from "../lib/types-analyze.ts";
import { useUrl } from "../lib/url.ts";
import { useAsked } from "../lib/use-asked.ts";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../ui/screen-skeleton.tsx";
import "../features/overview/block.css";
import "./analyze.css";

/** Any question about who has most of something: what is asked stands on the left, and all of it in the address. */
export function AnalyzeRoute() {
  const { params } = useUrl();
  const { asked } = useAsked();
  const { question, change } = useQuestion();
  const [tiles, setTiles] = useState<boolean | null>(null);
  const showsTiles = tiles ?? !isAsked(params);
  const Chevron = showsTiles ? IconChevronDown : IconChevronRight;
  const mistake = mistakeIn(asked.q);
  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Analyze</h1>
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          aria-expanded={showsTiles}
          leftSection={<Chevron size={15} stroke={2} aria-hidden />}
          onClick={() => setTiles(!showsTiles)}
        >
          Recommended questions
        </Button>
      </header>
      <div className="analyze">
        {showsTiles && <Tiles />}
        <div className="analyze-parts">
          <Form question={question} onChange={change} />
          <div className="analyze-result">{mistake === null ? <Answer /> : <WrongQuery mistake={mistake} />}</div>
        </div>
      </div>
    </>
  );
}

function Answer() {
  const { asked, change } = useAsked();
  const { question } = useQuestion();
  const plan = usePlan(question);
  /** The plan that was agreed to. */
  const [agreed, setAgreed] = useState<string | null>(null);
  const mayRun = plan.data !== undefined && !plan.isPlaceholderData && (!isCostly(plan.data) || agreed === plan.data.of);
  const {
    data,
    error: answerError,
    isPlaceholderData,
    dataUpdatedAt,
    refetch,
  } = useAnswer(question, mayRun, plan.data?.rows ?? 0);
  const error = plan.error ?? answerError;
  const again = () => void (plan.error === null ? refetch() : plan.refetch());
  const isOld = isPlaceholderData || error !== null || !mayRun;
  const waits = plan.data !== undefined && !mayRun && !plan.isPlaceholderData;
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={again} />}
      {plan.data !== undefined && error === null && (
        <PlanNote plan={plan.data} agreed={mayRun} onRun={() => setAgreed(plan.data.of)} />
      )}
      {data === undefined && error === null && !waits && <ScreenSkeleton />}
      {data !== undefined && isNothing(data.answer) && !isOld && (
        <EmptyLog query={{ ...asked, reports: "merged" }} onChange={change} />
      )}
      {data !== undefined && !isNothing(data.answer) && (
        <div className={`analyze-answer${isOld ? " analyze-old" : ""}`} aria-busy={isPlaceholderData}>
          <Result answer={data.answer} question={data.question} nowMs={dataUpdatedAt} />
        </div>
      )}
    </>
  );
}

function isNothing({ total }: AnalyzeAnswer): boolean {
  return Number(total) === 0;
}
