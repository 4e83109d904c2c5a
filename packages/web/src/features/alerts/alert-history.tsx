import type { Alert } from "@flowtrail/model";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { pastOf } from "./alert-words.ts";
import { usePlace } from "./alerts-url.ts";

/** What became of it so far, and the way to what the rule found before. */
export function AlertHistory({ alert }: { alert: Alert }) {
  const clock = useClock();
  const { paramsOf } = usePlace();
  return (
    <section className="alert-part" aria-label="History">
      <h3>History</h3>
      <ol className="alert-past">
        {pastOf(alert, clock).map(({ time, text }) => (
          <li key={text}>
            {time === null ? (
              <span />
            ) : (
              <time dateTime={time} title={clock.exact(Date.parse(time))}>
                {clock.dayAndTime(Date.parse(time))}
              </time>
            )}
            <span>{text}</span>
          </li>
        ))}
      </ol>
      <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "history", rule: alert.rule })} className="alert-more">
        What this rule found before
      </PageLink>
    </section>
  );
}
