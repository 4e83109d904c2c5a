import { formatCount } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { dropParked, fetchParked, retryParked } from "../../lib/api-sinks.ts";
import { useMe } from "../../lib/me.ts";
import type { Sink } from "../../lib/types-sinks.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Confirm } from "./confirm.tsx";
import { useRun } from "./use-run.ts";
import { SINKS_KEY } from "./use-sinks.ts";

/** Records that the other side refuses for good. */
export function ParkedList({ sink: { id, name, parked } }: { sink: Sink }) {
  const [isOpen, setOpen] = useState(false);
  const { maySet } = useMe();
  const { problem, run } = useRun(SINKS_KEY);
  const clock = useClock();
  const { data, error } = useQuery({
    queryKey: [...SINKS_KEY, id, "parked"],
    queryFn: ({ signal }) => fetchParked(id, signal),
    enabled: isOpen,
  });
  const count = parked.reduce((sum, { records }) => sum + records, 0);
  return (
    <div className="handed-more">
      <p className="handed-bad">
        {formatCount(count)} parked, since the other side refused {count === 1 ? "it" : "them"}:{" "}
        {parked.map(({ reason, records }) => `${reason} ${formatCount(records)}`).join(", ")}.
      </p>
      {maySet && (
        <div className="settings-row-buttons">
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Send parked records of ${name} again`}
            onClick={() => void run(retryParked(id))}
          >
            Send again
          </Button>
          <Confirm
            label="Drop"
            of={`parked records of ${name}`}
            warning="They are never handed over; here they stay."
            keep="Keep"
            work={() => run(dropParked(id))}
          />
        </div>
      )}
      {(error ?? problem) !== null && (
        <p role="alert" className="settings-mistake">
          {problem ?? error?.message}
        </p>
      )}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Which, and why</summary>
        <ul>
          {data?.map((record) => (
            <li key={record.event} className="handed-told">
              <span>
                {clock.dayAndTime(Date.parse(record.parked))}: {record.message}
                <span className="settings-below">
                  {record.reason}, {record.event}, tried {record.attempts} times
                </span>
              </span>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
