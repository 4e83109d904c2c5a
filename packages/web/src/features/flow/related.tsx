/** Other flows of the two ends. Each opens its panel here; the whole list is a click away. */
import type { FlowJson } from "@flowtrail/model";
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { fetchFlows, flowKey } from "../../lib/api.ts";
import { writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { windowLabel } from "../../lib/time-window.ts";
import { useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { VerdictTag } from "../../ui/verdict.tsx";
import { sumOf } from "../traffic/columns/amounts.ts";
import { bytesText, endText, protocolText } from "../traffic/describe.ts";
import { writeFlowKey } from "../traffic/query.ts";
import { type RelatedList, relatedLists, relatedParams } from "./related-lists.ts";
import { TryAgain } from "./try-again.tsx";
import "./related.css";

const SHOWN = 5;

export interface RelatedProps {
  readonly flow: FlowJson;
  /** Other reports of the connection: they are no other flows. */
  readonly others: readonly FlowJson[] | null;
}

export function Related({ flow, others }: RelatedProps) {
  const { asked } = useAsked();
  const own = new Set([flow, ...(others ?? [])].map((report) => writeFlowKey(flowKey(report))));
  return relatedLists(flow, asked.window).map((list) => <List key={list.title} list={list} own={own} />);
}

function List({ list, own }: { list: RelatedList; own: ReadonlySet<string> }) {
  const clock = useClock();
  // One of them may be this flow, and one more says whether there are more.
  const params = relatedParams(list, SHOWN + 2);
  const { data, error, refetch } = useQuery({
    queryKey: ["related", params.toString()],
    queryFn: ({ signal }) => fetchFlows(params, signal),
  });
  const when = list.when ?? windowLabel(list.asked.window, clock, Date.now()).toLowerCase();
  const rows = (data?.flows ?? []).filter((flow) => !own.has(writeFlowKey(flowKey(flow))));
  const more = rows.length > SHOWN || (data?.next ?? null) !== null;
  return (
    <section className="related" aria-label={list.title}>
      <div className="related-head">
        <h3>{list.title}</h3>
        <span>{when}</span>
        <PageLink
          path={TRAFFIC_LOGS_PATH}
          params={writeAsked(list.asked, new URLSearchParams({ reports: "merged" }))}
          aria-label={`All in Traffic Logs: ${list.title}`}
        >
          All in Traffic Logs
        </PageLink>
      </div>
      {error !== null && <TryAgain error={error} onTry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton height={40} radius="sm" />}
      {data !== undefined && rows.length === 0 && <p className="related-none">No other flow.</p>}
      {rows.length > 0 && (
        <ul>
          {rows.slice(0, SHOWN).map((flow) => (
            <Row key={writeFlowKey(flowKey(flow))} flow={flow} />
          ))}
        </ul>
      )}
      {more && <p className="related-none">The newest {SHOWN}; there are more.</p>}
    </section>
  );
}

function Row({ flow }: { flow: FlowJson }) {
  const clock = useClock();
  const { path, params } = useUrl();
  const target = new URLSearchParams(params);
  target.set("flow", writeFlowKey(flowKey(flow)));
  target.delete("tab");
  const { main, below } = protocolText(flow);
  const bytes = sumOf(flow.src_bytes, flow.dst_bytes);
  const startMs = Date.parse(flow.start);
  return (
    <li>
      <PageLink path={path} params={target} className="related-row">
        <span className="related-ends">
          {endText(flow, "src").main} <span aria-hidden>→</span>
          <span className="visually-hidden">to</span> {endText(flow, "dst").main}
        </span>
        <time dateTime={flow.start} title={clock.exact(startMs)}>
          {clock.dayAndTime(startMs)}
        </time>
        <span className="related-what">
          {`${main} ${below}`.trim()}
          {flow.state === "open" && " · open"}
          <VerdictTag verdict={flow.verdict} />
        </span>
        <span className="related-bytes">{bytesText(bytes === null ? null : String(bytes))}</span>
      </PageLink>
    </li>
  );
}
