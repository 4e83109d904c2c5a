/** What stands in each column of a row. */
import type { FlowJson } from "@flowtrail/model";
import { IconArrowDownLeft, IconArrowUpRight } from "@tabler/icons-react";
import type { Clock } from "../../lib/clock.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PARTICIPANT_LABELS, ParticipantIcon } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { CellProps } from "./columns/column.ts";
import {
  bytesText,
  directionLabel,
  endpointText,
  endText,
  exactBytesText,
  protocolText,
  type Volume,
  volumes,
  volumeTip,
} from "./describe.ts";

export function EventCell({ flow, withDay, expander }: CellProps) {
  const clock = useClock();
  const startMs = Date.parse(flow.start);
  const Arrow = flow.direction === "ingress" ? IconArrowDownLeft : IconArrowUpRight;
  return (
    <>
      <span className="line event-line">
        <time className="event-start" dateTime={flow.start} title={startTip(flow, startMs, clock)}>
          {withDay ? clock.dayAndTime(startMs) : clock.time(startMs)}
        </time>
        <End flow={flow} withDay={withDay} />
        {expander}
      </span>
      <span className="line below">
        <FieldValue field="direction" value={flow.direction} className="direction-value" tabIndex={-1}>
          <span className="direction">
            <Arrow size={14} stroke={1.8} aria-hidden />
            {directionLabel(flow.direction)}
          </span>
        </FieldValue>
        <FieldValue field="reporter" value={flow.reporter} entity="node" title={`Reported by ${flow.reporter}`} tabIndex={-1}>
          Node: {flow.reporter}
        </FieldValue>
      </span>
    </>
  );
}

function startTip(flow: FlowJson, startMs: number, clock: Clock): string {
  const exact = `Started ${clock.exact(startMs)}`;
  return flow.start_exact ? exact : `${exact} or before: it is older than the agent`;
}

function End({ flow, withDay }: { flow: FlowJson; withDay: boolean }) {
  const clock = useClock();
  if (flow.state === "open") {
    return (
      <span className="event-open" title={`Counters of ${clock.exact(Date.parse(flow.last_seen))}`}>
        <span className="pulse" aria-hidden />
        open
      </span>
    );
  }
  if (flow.end === null) {
    return (
      <span className="below" title={`Last heard of ${clock.exact(Date.parse(flow.last_seen))}`}>
        End: not known
      </span>
    );
  }
  const endMs = Date.parse(flow.end);
  const otherDay = withDay && !clock.sameDay(endMs, Date.parse(flow.start));
  return (
    <time className="below cut" dateTime={flow.end} title={`Ended ${clock.exact(endMs)}`}>
      End: {otherDay ? clock.dayAndTime(endMs) : clock.time(endMs)}
    </time>
  );
}

export function SourceCell({ flow }: CellProps) {
  return <EndCell flow={flow} end="src" />;
}

export function TargetCell({ flow }: CellProps) {
  return <EndCell flow={flow} end="dst" />;
}

function EndCell({ flow, end }: { flow: FlowJson; end: "src" | "dst" }) {
  const { main, field, extra } = endText(flow, end);
  const [type, ip, port] = [flow[`${end}_type`], flow[`${end}_ip`], flow[`${end}_port`]];
  const entity = type === "unknown" ? undefined : type;
  const endpoint = endpointText(ip, port);
  return (
    <>
      <span className="line">
        <ParticipantIcon type={type} />
        <FieldValue field={`${end}.${field}`} value={main} entity={entity} title={main} className="strong" tabIndex={-1} />
        <FieldValue field={`${end}.type`} value={type} className="type" tabIndex={-1}>
          {PARTICIPANT_LABELS[type]}
        </FieldValue>
      </span>
      <span className="line below">
        <FieldValue field={`${end}.ip`} value={ip} className="endpoint" title={endpoint} tabIndex={-1}>
          {endpoint}
        </FieldValue>
        {extra !== null && (
          <span className="cut extra" title={extra}>
            · {extra}
          </span>
        )}
      </span>
    </>
  );
}

export function ProtocolCell({ flow }: CellProps) {
  const { main, below } = protocolText(flow);
  const hasPort = flow.dst_port !== null;
  return (
    <>
      <span className="line strong">
        <FieldValue
          field={hasPort ? "dst.port" : "protocol"}
          value={hasPort ? flow.dst_port : flow.protocol}
          title={main}
          tabIndex={-1}
        >
          {main}
        </FieldValue>
      </span>
      <span className="line below">
        <span className="cut" title={below}>
          {below}
        </span>
      </span>
    </>
  );
}

export function TrafficCell({ flow, view }: CellProps) {
  const tip = volumeTip(flow);
  return volumes(flow, view).map((volume) => <VolumeLine key={volume.sign} volume={volume} tip={tip} />);
}

function VolumeLine({ volume, tip }: { volume: Volume; tip: string }) {
  return (
    <span className="line volume" title={`${exactBytesText(volume.bytes)} ${volume.meaning}\n${tip}`}>
      <span className="volume-sign">{volume.sign}</span> {bytesText(volume.bytes)}
    </span>
  );
}
