import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { dropNotice, fetchUndelivered, retryNotice } from "../../lib/api-recipients.ts";
import { useMe } from "../../lib/me.ts";
import type { Recipient } from "../../lib/types-recipients.ts";
import { useClock } from "../../lib/use-clock.ts";
import { RECIPIENTS_KEY } from "./use-recipients.ts";
import { useRun } from "./use-run.ts";

/** What a recipient could not be told so far. */
export function UndeliveredList({ recipient: { id, name } }: { recipient: Recipient }) {
  const [isOpen, setOpen] = useState(false);
  const { maySet } = useMe();
  const { problem, run } = useRun(RECIPIENTS_KEY);
  const clock = useClock();
  const { data, error } = useQuery({
    queryKey: [...RECIPIENTS_KEY, id, "undelivered"],
    queryFn: ({ signal }) => fetchUndelivered(id, signal),
    enabled: isOpen,
  });
  return (
    <details className="handed-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What was not told</summary>
      {(error ?? problem) !== null && (
        <p role="alert" className="settings-mistake">
          {problem ?? error?.message}
        </p>
      )}
      <ul>
        {data?.undelivered.map((notice) => (
          <li key={notice.id} className="handed-told">
            <span>
              {clock.dayAndTime(Date.parse(notice.created))}: {notice.summary}
              <span className="settings-below">
                {notice.state === "parked" ? "Given up" : "Waits"}, tried {notice.attempts} times
                {notice.error === null ? "" : `: ${notice.error}`}
              </span>
            </span>
            {maySet && (
              <span className="settings-row-buttons">
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Try again to tell ${name}: ${notice.summary}`}
                  onClick={() => void run(retryNotice(id, notice.id))}
                >
                  Try again
                </Button>
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Drop for ${name}: ${notice.summary}`}
                  onClick={() => void run(dropNotice(id, notice.id))}
                >
                  Drop
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
