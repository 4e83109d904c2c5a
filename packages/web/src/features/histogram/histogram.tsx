import { Button, Skeleton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight, IconTable } from "@tabler/icons-react";
import { useMemo } from "react";
import { useClock } from "../../lib/use-clock.ts";
import { Banner } from "../../ui/banner.tsx";
import { ChartTable } from "../../ui/charts/chart-table.tsx";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { CostLine } from "../../ui/cost-line.tsx";
import { ChoiceSelects } from "./choice-selects.tsx";
import { chartTitle, type Group, type Metric, unitOf } from "./choices.ts";
import { SeriesLegend } from "./series-legend.tsx";
import { stepsChart } from "./steps-chart.ts";
import { useChoices } from "./use-choices.ts";
import { useHidden } from "./use-hidden.ts";
import { useHistogram } from "./use-histogram.ts";
import { useZoom } from "./use-zoom.ts";
import "./histogram.css";

const HEIGHT = 150;

export interface HistogramProps {
  /** The beginning of the step that was clicked: the table may go there. */
  readonly onPick?: (ms: number) => void;
}

/** What is asked for, over time: a brush zooms, a legend's names filter. */
export function Histogram({ onPick }: HistogramProps) {
  const [shown, setShown] = useLocalStorage({ key: "flowtrail.histogram", defaultValue: true, getInitialValueInEffect: false });
  const [asTable, setAsTable] = useLocalStorage({
    key: "flowtrail.histogram-table",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
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
            <Button
              className="histogram-table"
              size="compact-xs"
              variant={asTable ? "light" : "subtle"}
              color="gray"
              aria-pressed={asTable}
              leftSection={<IconTable size={14} aria-hidden />}
              onClick={() => setAsTable(!asTable)}
            >
              Table
            </Button>
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
  const { data, error, isPlaceholderData, dataUpdatedAt, refetch } = useHistogram(metric, group);
  const clock = useClock();
  const zoom = useZoom();
  const chart = useMemo(() => (data === undefined ? null : stepsChart(data.answer, data.group)), [data]);
  const { hidden, toggle, shownOf } = useHidden();
  const problem = error !== null && (
    <Banner
      kind="bad"
      action={
        <Button size="compact-sm" variant="default" onClick={() => void refetch()}>
          Try again
        </Button>
      }
    >
      {error.message} {data !== undefined && "What is shown may be out of date."}
    </Banner>
  );
  if (data === undefined || chart === null) return problem || <Skeleton height={HEIGHT} radius="sm" />;
  const isOld = isPlaceholderData || error !== null;
  const label = chartTitle(data.metric, data.group ?? "none");
  const drawn = { label, series: shownOf(chart.series), steps: chart.steps, gaps: chart.gaps, unit: unitOf(data.metric), clock };
  return (
    <div className={isOld ? "histogram-old" : undefined} aria-busy={isPlaceholderData}>
      {problem}
      {asTable ? (
        <ChartTable {...drawn} />
      ) : (
        <StackedChart {...drawn} {...zoom} nowMs={dataUpdatedAt} height={HEIGHT} onPick={onPick} />
      )}
      <div className="histogram-foot">
        <SeriesLegend field={data.group} series={chart.series} hidden={hidden} onToggle={toggle} />
        <CostLine
          meta={data.answer.meta}
          exact={!data.answer.estimated}
          note={data.answer.estimated ? "Some of it is spread evenly over the lives of its flows" : null}
        />
      </div>
    </div>
  );
}
