/** Cells of one value. */
import { communityIdOfFlow, type FlowJson, serviceName } from "@flowtrail/model";
import { useClock } from "../../../lib/use-clock.ts";
import { FieldValue } from "../../../ui/value-menu.tsx";
import { VerdictTag } from "../../../ui/verdict.tsx";
import { bytesText, durationText, endpointText, exactBytesText } from "../describe.ts";
import { countText, rateText, sumOf } from "./amounts.ts";
import type { CellProps } from "./column.ts";

type Name = keyof FlowJson & string;

/** A value that can be asked for by a click. `field`: of the filter language. */
export function valueCell(column: Name, field: string) {
  return function ValueCell({ flow }: CellProps) {
    const value = flow[column];
    if (value === null || value === "") return <span className="line below">–</span>;
    return (
      <span className="line">
        <FieldValue field={field} value={value} tabIndex={-1} />
      </span>
    );
  };
}

export function momentCell(column: "start" | "end") {
  return function MomentCell({ flow, withDay }: CellProps) {
    const clock = useClock();
    const time = flow[column];
    if (time === null) return <span className="line below">{flow.state === "open" ? "open" : "not known"}</span>;
    const ms = Date.parse(time);
    return (
      <time className="line number" dateTime={time} title={clock.exact(ms)}>
        {withDay && `${clock.dayAndTime(ms).replace(/, .*/, "")}, `}
        {clock.timeWithMillis(ms)}
      </time>
    );
  };
}

export function bytesCell(end: "src" | "dst") {
  return function BytesCell({ flow }: CellProps) {
    const bytes = flow[`${end}_bytes`];
    return (
      <span className="line number" title={exactBytesText(bytes)}>
        {bytesText(bytes)}
      </span>
    );
  };
}

export function natCell(end: "src" | "dst") {
  return function NatCell({ flow }: CellProps) {
    const ip = flow[`nat_${end}_ip`];
    if (ip === null) return <span className="line below">–</span>;
    return (
      <span className="line number">
        <FieldValue field={`nat.${end}.ip`} value={ip} tabIndex={-1}>
          {endpointText(ip, flow[`nat_${end}_port`])}
        </FieldValue>
      </span>
    );
  };
}

export function PacketsCell({ flow }: CellProps) {
  const all = sumOf(flow.src_packets, flow.dst_packets);
  const of = (count: number | string | null) => countText(sumOf(count, null));
  return (
    <span className="line number" title={`${of(flow.src_packets)} of the source, ${of(flow.dst_packets)} of the destination`}>
      {countText(all)}
    </span>
  );
}

export function RateCell({ flow }: CellProps) {
  const over = flow.state === "open" && flow.since !== null ? "since the report before" : "over its life";
  return (
    <span className="line number" title={`Bytes of both ends a second, ${over}`}>
      {rateText(flow)}
    </span>
  );
}

export function DurationCell({ flow }: CellProps) {
  return <span className="line number">{durationText(flow)}</span>;
}

export function VerdictCell({ flow }: CellProps) {
  return (
    <span className="line">
      <VerdictTag verdict={flow.verdict} />
    </span>
  );
}

const STATUS = { open: "Open", closed: "Closed", lost: "Lost" } as const;

/** Said by colour, form and word. */
export function StatusCell({ flow }: CellProps) {
  const status = flow.verdict === "denied" ? "denied" : flow.state;
  return (
    <span className={`line status status-${status}`}>
      <span className={`status-dot${status === "open" ? " pulse" : ""}`} aria-hidden />
      {status === "denied" ? "Denied" : STATUS[flow.state]}
    </span>
  );
}

export function ServiceCell({ flow }: CellProps) {
  const service = serviceName(flow.protocol, flow.dst_port);
  if (service === null || flow.dst_port === null) return <span className="line below">–</span>;
  return (
    <span className="line">
      <FieldValue field="dst.port" value={flow.dst_port} tabIndex={-1}>
        {service}
      </FieldValue>
    </span>
  );
}

export function CommunityIdCell({ flow }: CellProps) {
  const id = communityIdOfFlow(flow);
  return (
    <span className="line">
      <span className="cut mono" title={id ?? "A port is not known, or the protocol has none"}>
        {id ?? "–"}
      </span>
    </span>
  );
}
