import { Button } from "@mantine/core";
import { IconClockSearch, IconFilterOff, IconHelpCircle } from "@tabler/icons-react";
import { absoluteWindow, boundsOf, DEFAULT_WINDOW } from "../../lib/time-window.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Empty } from "../../ui/empty.tsx";
import { ENTITY_LABELS } from "../../ui/entity-kind.ts";
import { LogLink } from "../overview/log-link.tsx";
import type { EntityHeadProps } from "./entity-head.tsx";
import { useKnown, useSeen } from "./use-entity.ts";

const ICON = { size: 30, stroke: 1.5 } as const;

/** Why there is nothing to show of it. */
export function NoTraffic({ kind, name, ends }: EntityHeadProps) {
  const { asked, change } = useAsked();
  const clock = useClock();
  const known = useKnown(kind, name).data;
  const seen = useSeen(ends, kind, name).data;
  if (seen === undefined || known === undefined) return <p className="entity-looking">Looking for its last traffic…</p>;
  const log = <LogLink className="entity-log">Look in Traffic Logs</LogLink>;
  if (seen.last === null) {
    const what = ENTITY_LABELS[kind].toLowerCase();
    if (known.length > 0) {
      return (
        <Empty icon={<IconClockSearch {...ICON} />} title="No traffic of it was ever seen" actions={log}>
          <p>The inventory has this {what}, but no flow that is stored has it at either end.</p>
        </Empty>
      );
    }
    return (
      <Empty icon={<IconHelpCircle {...ICON} />} title={`Nothing is known of ${name}`} actions={log}>
        <p>
          Looked for: {what} “{name}” in the inventory{asked.network === null ? "" : ` of ${asked.network}`} and in all traffic
          that is stored. Is it spelled otherwise, or of another type?
        </p>
      </Empty>
    );
  }
  const lastMs = Date.parse(seen.last);
  const bounds = boundsOf(asked.window, Date.now()) ?? boundsOf(DEFAULT_WINDOW, Date.now());
  const isInside = bounds !== null && lastMs >= bounds.fromMs && lastMs < bounds.toMs;
  if (isInside && asked.q !== "") {
    return (
      <Empty
        icon={<IconFilterOff {...ICON} />}
        title="The filters leave nothing over"
        actions={<Button onClick={() => change({ q: "" })}>Remove all filters</Button>}
      >
        <p>It has traffic in this time range, but none that these filters let through.</p>
      </Empty>
    );
  }
  const spanMs = bounds === null ? 0 : bounds.toMs - bounds.fromMs;
  const goThere = () => change({ window: absoluteWindow(lastMs - spanMs, lastMs + 1000) });
  return (
    <Empty
      icon={<IconClockSearch {...ICON} />}
      title="No traffic of it in this time range"
      actions={isInside ? log : <Button onClick={goThere}>Go there</Button>}
    >
      <p>Its last traffic is of {clock.dayAndTime(lastMs)}.</p>
    </Empty>
  );
}
