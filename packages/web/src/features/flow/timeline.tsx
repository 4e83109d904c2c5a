/** How much each end sent, when. */
import { type FlowJson, formatDuration } from "@flowtrail/model";
import { Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { flowKey } from "../../lib/api.ts";
import { fetchTimeline } from "../../lib/api-flow.ts";
import { useClock } from "../../lib/use-clock.ts";
import { ChartTable } from "../../ui/charts/chart-table.tsx";
import { Legend } from "../../ui/charts/legend.tsx";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { spanWords } from "../../ui/charts/step-words.ts";
import { formatShort } from "../../ui/charts/units.ts";
import { CostLine } from "../../ui/cost-line.tsx";
import { TableSwitch, useAsTable } from "../histogram/table-switch.tsx";
import { useHidden } from "../histogram/use-hidden.ts";
import { timelineChart } from "./timeline-chart.ts";
import { TryAgain } from "./try-again.tsx";
import "./timeline.css";

const BUCKETS = 60;
const HEIGHT = 200;
const ESTIMATED = "Some of it was not measured step by step but is spread evenly";

/** An open flow's grows with each report of it, which the panel asks for. */
function useTimeline(flow: FlowJson) {
  const key = flowKey(flow);
  return useQuery({
    queryKey: ["timeline", key.reporter, key.flowId, flow.revision],
    queryFn: ({ signal }) => fetchTimeline(key, BUCKETS, signal),
    placeholderData: keepPreviousData,
  });
}

export function Timeline({ flow }: { flow: FlowJson }) {
  const { data, error, isPlaceholderData, refetch } = useTimeline(flow);
  const clock = useClock();
  const [asTable, setAsTable] = useAsTable();
  const { hidden, toggle, shownOf } = useHidden();
  if (data === undefined) {
    if (error !== null) return <TryAgain error={error} onTry={() => void refetch()} />;
    return <Skeleton height={HEIGHT} radius="sm" />;
  }
  const { series, steps, busiest } = timelineChart(data, flow);
  const drawn = {
    label: "Bytes sent over the flow's life",
    series: shownOf(series),
    steps,
    gaps: [],
    unit: "bytes",
    clock,
  } as const;
  return (
    <section className="timeline" aria-label="Timeline" aria-busy={isPlaceholderData}>
      {error !== null && <TryAgain error={error} onTry={() => void refetch()} />}
      <div className="timeline-head">
        <p>
          {busiest === null
            ? "Nothing was sent."
            : `Most at once: ${formatShort(busiest.amount, "bytes")}, ${spanWords(busiest.fromMs, busiest.fromMs + steps.stepMs, clock)}.`}
        </p>
        <TableSwitch on={asTable} onChange={setAsTable} />
      </div>
      {asTable ? (
        <ChartTable {...drawn} />
      ) : (
        <StackedChart {...drawn} nowMs={flow.state === "open" ? Date.parse(flow.last_seen) : Date.now()} height={HEIGHT} />
      )}
      <div className="timeline-foot">
        <Legend series={series} hidden={hidden} onToggle={toggle} />
        <span>
          A step is {formatDuration(steps.stepMs)}.{flow.state === "open" && " It is still open."}
        </span>
        <CostLine meta={data.meta} exact={!data.estimated} note={data.estimated ? ESTIMATED : null} />
      </div>
    </section>
  );
}
