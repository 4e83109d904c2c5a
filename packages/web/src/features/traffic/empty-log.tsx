import { formatCount, formatDuration } from "@flowtrail/model";
import { Button, Loader } from "@mantine/core";
import { IconClockSearch, IconFilterOff, IconHourglass, IconLock, IconPlugConnectedX } from "@tabler/icons-react";
import { absoluteWindow, boundsOf, type TimeWindow } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { FirstRun } from "../guide/first-run.tsx";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { useHealth } from "../health/use-health.ts";
import { SampleButton } from "../sample/sample-button.tsx";
import { type Culprit, emptyCause } from "./empty-cause.ts";
import type { TrafficQuery } from "./query.ts";
import { useProbes } from "./use-probes.ts";

const ICON = { size: 26, stroke: 1.6 } as const;

export interface EmptyLogProps {
  readonly query: TrafficQuery;
  onChange(change: Partial<TrafficQuery>): void;
}

/** Stands where the rows would be: one cause, one thing to do. */
export function EmptyLog({ query, onChange }: EmptyLogProps) {
  const clock = useClock();
  const health = useHealth();
  const probes = useProbes(query);
  const problem = health.error ?? probes.error;
  if (problem !== null) return <p role="alert">{problem.message}</p>;
  if (health.data === undefined || probes.data === undefined) return <Loader aria-label="Loading" m="auto" />;
  const showSample = () => onChange({ network: SAMPLE_NETWORK, window: { from: "-15m", to: "now" } });
  const cause = emptyCause(query, health.data, probes.data);
  switch (cause.kind) {
    case "filtered":
      return <Filtered culprit={cause.culprit} onChange={onChange} />;
    case "no_privileges":
      return (
        <Empty
          icon={<IconLock {...ICON} />}
          title="Nothing is captured on this machine"
          actions={<SampleButton onStarted={showSample} />}
        >
          <p>{cause.message ?? "Reading the kernel's connection table needs root."}</p>
          <p>Stop Flowtrail and start it like this to see this machine's own traffic:</p>
          <Command text="sudo npm start" />
        </Empty>
      );
    case "agent_failed":
      return (
        <Empty
          icon={<IconPlugConnectedX {...ICON} />}
          title="The agent on this machine has failed"
          actions={<SampleButton onStarted={showSample} />}
        >
          <p>{cause.message ?? "The terminal that runs “flowtrail up” shows why."}</p>
        </Empty>
      );
    case "no_agent":
      return <FirstRun />;
    case "sample_starting":
      return (
        <Empty icon={<IconHourglass {...ICON} />} title="Sample traffic is on its way">
          <p>The first made-up rows appear within seconds.</p>
        </Empty>
      );
    case "no_rows_yet":
      return (
        <Empty icon={<IconHourglass {...ICON} />} title="Agents are connected, but there are no rows yet">
          <p>
            {cause.agents === 1 ? "One agent reports" : `${cause.agents} agents report`} to this server. Rows appear as soon as a
            connection begins in the network.
          </p>
        </Empty>
      );
    case "not_in_range":
      return (
        <Empty
          icon={<IconClockSearch {...ICON} />}
          title="No rows in this time range"
          actions={<Button onClick={() => onChange({ window: windowUpTo(cause.newestMs, query) })}>Go there</Button>}
        >
          <p>
            The newest row{query.network === null ? "" : " of this network"} is of {clock.dayAndTime(cause.newestMs)},{" "}
            {formatDuration(Date.now() - cause.newestMs)} ago.
          </p>
        </Empty>
      );
  }
}

/** Names the one condition whose removal brings rows back, if there is one. */
function Filtered({ culprit, onChange }: { culprit: Culprit | null } & Pick<EmptyLogProps, "onChange">) {
  const count = culprit === null ? "" : `${culprit.exact ? "" : "about "}${formatCount(culprit.count)}`;
  return (
    <Empty
      icon={<IconFilterOff {...ICON} />}
      title="The filters leave nothing over"
      actions={
        culprit === null ? (
          <Button onClick={() => onChange({ q: "" })}>Remove all filters</Button>
        ) : (
          <Button onClick={() => onChange({ q: culprit.q })}>Remove this filter</Button>
        )
      }
    >
      {culprit === null ? (
        <p>There are rows in this time range, but none that these filters let through, even without any one of them.</p>
      ) : (
        <p>
          Without <strong>{culprit.label}</strong> there {culprit.count === 1 ? "is" : "are"} {count}{" "}
          {culprit.count === 1 ? "row" : "rows"}.
        </p>
      )}
    </Empty>
  );
}

/** As long a window as the one that was asked for, with the newest row at its end. */
function windowUpTo(newestMs: number, query: TrafficQuery): TimeWindow {
  const bounds = boundsOf(query.window, Date.now());
  const spanMs = bounds === null ? DEFAULT_SPAN_MS : bounds.toMs - bounds.fromMs;
  return absoluteWindow(newestMs - spanMs, newestMs + 1000);
}
const DEFAULT_SPAN_MS = 900_000;
