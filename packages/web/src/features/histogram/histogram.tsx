import { Skeleton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { CostLine } from "../../ui/cost-line.tsx";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { ChoiceSelects } from "./choice-selects.tsx";
import type { Group, Metric } from "./choices.ts";
import { StepsView } from "./steps-view.tsx";
import { TableSwitch, useAsTable } from "./table-switch.tsx";
import { useChoices } from "./use-choices.ts";
import { useHistogram } from "./use-histogram.ts";
import "./histogram.css";

const HEIGHT = 150;
const ESTIMATED = "Some of it is spread evenly over the lives of its flows";

export interface HistogramProps {
  /** The step that was clicked, from its beginning to its end: the table may go there. */
  readonly onPick?: (fromMs: number, toMs: number) => void;
}

/** What is asked for, over time: a brush zooms, a legend's names filter. */
export function Histogram({ onPick }: HistogramProps) {
  const [shown, setShown] = useLocalStorage({ key: "flowtrail.histogram", defaultValue: true, getInitialValueInEffect: false });
  const [asTable, setAsTable] = useAsTable();
  const choices = useChoices({ metric: "bytes", group: "protocol" });
  const Chevron = shown ? IconChevronDown : IconChevronRight;
  return (
    <section className="histogram" aria-label="Traffic over time">
      <div className="histogram-head">
        <button type="button" className="histogram-toggle" aria-expanded={shown} onClick={() => setShown(!shown)}>
          <Chevron size={15} stroke={2} aria-hidden />
          Over time
        </button>
        {shown && (
          <>
            <ChoiceSelects choices={choices} />
            <span className="histogram-gap" />
            <TableSwitch on={asTable} onChange={setAsTable} />
          </>
        )}
      </div>
      {shown && <Body metric={choices.metric} group={choices.group} asTable={asTable} onPick={onPick} />}
    </section>
  );
}

interface BodyProps {
  readonly metric: Metric;
  readonly group: Group;
  readonly asTable: boolean;
  readonly onPick: HistogramProps["onPick"];
}

function Body({ metric, group, asTable, onPick }: BodyProps) {
  const { data, error, isPlaceholderData, fetchStatus, dataUpdatedAt, refetch } = useHistogram(metric, group);
  const isLeft = data === undefined && fetchStatus === "idle";
  const problem = (error !== null || isLeft) && (
    <FailedBanner message={error?.message ?? "Cancelled."} showsOld={data !== undefined} onRetry={() => void refetch()} />
  );
  if (data === undefined) return problem || <Skeleton height={HEIGHT} radius="sm" />;
  const isOld = isPlaceholderData || error !== null;
  const { answer, asked } = data;
  return (
    <div className={isOld ? "histogram-old" : undefined} aria-busy={isPlaceholderData}>
      {problem}
      <StepsView answer={answer} {...asked} asTable={asTable} nowMs={dataUpdatedAt} height={HEIGHT} onPick={onPick}>
        <CostLine meta={answer.meta} exact={!answer.estimated} note={answer.estimated ? ESTIMATED : null} />
      </StepsView>
    </div>
  );
}
