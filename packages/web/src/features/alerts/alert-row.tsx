import type { Alert } from "@flowtrail/model";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { useUrl } from "../../lib/url.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { AlertLabels } from "./alert-labels.tsx";
import { heldText, saidText } from "./alert-words.ts";
import { readPlace, writePlace } from "./alerts-url.ts";
import { SeverityTag } from "./severity.tsx";

export interface AlertRowProps {
  readonly alert: Alert;
  readonly isOpen: boolean;
  readonly nowMs: number;
}

/** What happened, in a line; the whole row opens it. */
export function AlertRow({ alert, isOpen, nowMs }: AlertRowProps) {
  const { params } = useUrl();
  const clock = useClock();
  const said = saidText(alert, clock);
  return (
    <li className={`alert-row${isOpen ? " alert-row-open" : ""}`}>
      <span className="alert-severity">
        <SeverityTag severity={alert.severity} />
      </span>
      <div className="alert-what">
        <PageLink
          path={ALERTS_PATH}
          params={writePlace({ ...readPlace(params), alert: alert.id }, params)}
          className="alert-summary"
          aria-current={isOpen ? "true" : undefined}
        >
          {alert.summary}
        </PageLink>
        <AlertLabels alert={alert} />
        {said !== null && <span className="alert-said">{said}</span>}
      </div>
      <div className="alert-when">
        <time dateTime={alert.since} title={clock.exact(Date.parse(alert.since))}>
          {clock.dayAndTime(Date.parse(alert.since))}
        </time>
        <span className="alert-dim">{heldText(alert, nowMs)}</span>
      </div>
      <span className="alert-rule cut" title={alert.rule_name}>
        {alert.rule_name}
      </span>
    </li>
  );
}
