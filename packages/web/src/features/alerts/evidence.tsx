import type { Alert } from "@flowtrail/model";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { fetchHistogram } from "../../lib/api-charts.ts";
import { askedParams, writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { stepsChart } from "../histogram/steps-chart.ts";
import { evidenceWindow } from "./alert-words.ts";

const STEPS = "40";

/** Denied attempts are seldom primary: one row per connection would leave them out. */
const isOfReports = ({ q }: Alert) => /\bverdict=denied\b/.test(q);

/** What it is made of: the flows of that time, and how they came. */
export function Evidence({ alert }: { alert: Alert }) {
  const clock = useClock();
  const asked = { network: null, window: evidenceWindow(alert), q: alert.q };
  const unit = isOfReports(alert) ? "reports" : "connections";
  const link = writeAsked(asked);
  if (unit === "reports") link.set("reports", "all");
  const params = askedParams(asked);
  params.set("metric", unit);
  params.set("buckets", STEPS);
  params.set("group", "verdict");
  const { data, error, dataUpdatedAt } = useQuery({
    queryKey: ["histogram", params.toString()],
    queryFn: ({ signal }) => fetchHistogram(params, signal),
    staleTime: 60_000,
  });
  const chart = useMemo(() => data && stepsChart(data, "verdict"), [data]);
  return (
    <section className="alert-part" aria-label="Evidence">
      <h3>Evidence</h3>
      <p className="alert-dim">
        <time title={clock.exact(Date.parse(alert.from))}>{clock.dayAndTime(Date.parse(alert.from))}</time> to{" "}
        <time title={clock.exact(Date.parse(alert.to))}>{clock.dayAndTime(Date.parse(alert.to))}</time>
      </p>
      {alert.q !== "" && <code className="alert-query">{alert.q}</code>}
      {error !== null && <p className="alert-dim">No chart: {error.message}</p>}
      {chart !== undefined && chart.steps.count > 0 && (
        <StackedChart
          label={`${unit === "reports" ? "Reports" : "Connections"} of the evidence, by verdict`}
          series={chart.series}
          steps={chart.steps}
          gaps={chart.gaps}
          unit={unit}
          clock={clock}
          nowMs={dataUpdatedAt}
          height={104}
        />
      )}
      <PageLink path={TRAFFIC_LOGS_PATH} params={link} className="alert-evidence">
        Open these flows in Traffic Logs <IconArrowRight size={15} stroke={1.9} aria-hidden />
      </PageLink>
      <p className="alert-dim">The list also has flows that began before and were open then.</p>
    </section>
  );
}
