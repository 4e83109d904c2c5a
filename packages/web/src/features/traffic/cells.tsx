/** What stands in each column of a row. */
import type { FlowJson } from "@flowtrail/model";
import { IconArrowDownLeft, IconArrowUpRight } from "@tabler/icons-react";
import type { Clock } from "../../lib/clock.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PARTICIPANT_LABELS, ParticipantIcon } from "../../ui/participant.tsx";
import { bytesText, directionLabel, endText, exactBytesText, protocolText, type Volume, volumes, volumeTip } from "./describe.ts";
import type { ReportsView } from "./query.ts";

export function EventCell({ flow, withDay }: { flow: FlowJson; withDay: boolean }) {
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
      </span>
      <span className="line below">
        <span className="direction">
          <Arrow size={14} stroke={1.8} aria-hidden />
          {directionLabel(flow.direction)}
        </span>
        <span className="cut" title={`Reported by ${flow.reporter}`}>
          Node: {flow.reporter}
        </span>
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
    <time className="below" dateTime={flow.end} title={`Ended ${clock.exact(endMs)}`}>
      End: {otherDay ? clock.dayAndTime(endMs) : clock.time(endMs)}
    </time>
  );
}

export function EndCell({ flow, end }: { flow: FlowJson; end: "src" | "dst" }) {
  const { main, extra, endpoint } = endText(flow, end);
  const type = flow[`${end}_type`];
  return (
    <>
      <span className="line">
        <ParticipantIcon type={type} />
        <span className="cut strong" title={main}>
          {main}
        </span>
        <span className="type">{PARTICIPANT_LABELS[type]}</span>
      </span>
      <span className="line below">
        <span className="cut" title={extra === null ? endpoint : `${endpoint} · ${extra}`}>
          <span className="endpoint">{endpoint}</span>
          {extra !== null && ` · ${extra}`}
        </span>
      </span>
    </>
  );
}

export function ProtocolCell({ flow }: { flow: FlowJson }) {
  const { main, below } = protocolText(flow);
  return (
    <>
      <span className="line strong">{main}</span>
      <span className="line below">
        <span className="cut" title={below}>
          {below}
        </span>
      </span>
    </>
  );
}

export function TrafficCell({ flow, view }: { flow: FlowJson; view: ReportsView }) {
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
