/** What one alert means, what it is made of, and what can be done with it. It lies over the list. */
import type { Alert } from "@flowtrail/model";
import { ActionIcon, Loader } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp, IconExternalLink, IconX } from "@tabler/icons-react";
import { type CSSProperties, type KeyboardEvent, useEffect, useRef } from "react";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { useUrl } from "../../lib/url.ts";
import { useClock } from "../../lib/use-clock.ts";
import { CopyButton } from "../../ui/command.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { linkTo } from "../ask/links.ts";
import { PanelEdge } from "../flow/panel-edge.tsx";
import { DEFAULT_PX } from "../flow/panel-width.ts";
import { TryAgain } from "../flow/try-again.tsx";
import { AlertActions } from "./alert-actions.tsx";
import { AlertHistory } from "./alert-history.tsx";
import { AlertLabels } from "./alert-labels.tsx";
import { heldText, mitreHref, saidText } from "./alert-words.ts";
import { usePlace } from "./alerts-url.ts";
import { Evidence } from "./evidence.tsx";
import { SeverityTag } from "./severity.tsx";
import { useAlert, useRules } from "./use-alerts.ts";
import "../flow/panel.css";

export interface AlertPanelProps {
  readonly id: string;
  /** As the list has it: shown at once. */
  readonly known: Alert | null;
  onClose(): void;
  onNext(step: 1 | -1): void;
}

export function AlertPanel({ id, known, onClose, onNext }: AlertPanelProps) {
  const { data, error, isPending, refetch } = useAlert(id);
  const alert = data ?? known;
  const [widthPx, setWidth] = useLocalStorage({
    key: "flowtrail.panel-width",
    defaultValue: DEFAULT_PX,
    getInitialValueInEffect: false,
  });
  const url = useUrl();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  const closeOnEscape = (event: KeyboardEvent<HTMLElement>) => {
    // Menus and dialogs stand elsewhere in the page: theirs closes them alone.
    const isOurs = event.target instanceof Node && event.currentTarget.contains(event.target);
    if (event.key !== "Escape" || event.defaultPrevented || !isOurs) return;
    event.preventDefault();
    onClose();
  };
  return (
    <aside
      ref={panel}
      className="panel"
      aria-label="Alert"
      tabIndex={-1}
      style={{ "--panel-width": `${widthPx}px` } as CSSProperties}
      onKeyDown={closeOnEscape}
    >
      <PanelEdge widthPx={widthPx} onWidth={setWidth} />
      <div className="panel-bar">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Previous alert"
          title="Previous alert (k)"
          onClick={() => onNext(-1)}
        >
          <IconChevronUp size={17} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label="Next alert" title="Next alert (j)" onClick={() => onNext(1)}>
          <IconChevronDown size={17} />
        </ActionIcon>
        <span className="panel-gap" />
        <CopyButton text={linkTo(url)} label="Copy link" icon="link" />
        <ActionIcon variant="subtle" color="gray" aria-label="Close" title="Close (Esc)" onClick={onClose}>
          <IconX size={17} />
        </ActionIcon>
      </div>
      <div className="panel-body">
        {alert === null && isPending && <Loader size="sm" aria-label="Loading" />}
        {error !== null && <TryAgain error={error} onTry={() => void refetch()} />}
        {alert !== null && <Content alert={alert} />}
      </div>
    </aside>
  );
}

function Content({ alert }: { alert: Alert }) {
  const clock = useClock();
  const { paramsOf } = usePlace();
  const told = useRules().data?.rules.find(({ id }) => id === alert.rule);
  const said = saidText(alert, clock);
  const moment = (time: string) => (
    <time dateTime={time} title={clock.exact(Date.parse(time))}>
      {clock.dayAndTime(Date.parse(time))}
    </time>
  );
  return (
    <div className="alert-content">
      <div>
        <p className="alert-kind">
          <SeverityTag severity={alert.severity} /> <span>{STATE_WORDS[alert.state]}</span>
        </p>
        <h2>{alert.summary}</h2>
        <AlertLabels alert={alert} />
      </div>
      <p className="alert-times">
        Since {moment(alert.since)}, {heldText(alert, Date.now())}
        {alert.ended === null ? <>; seen last {moment(alert.last)}</> : <>; over since {moment(alert.ended)}</>}.
        {said !== null && <span className="alert-said"> {said}</span>}
      </p>
      <AlertActions alert={alert} />
      <Evidence alert={alert} />
      <section className="alert-part" aria-label="Rule">
        <h3>
          Rule:{" "}
          <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "rules", rule: alert.rule })} className="alert-rule-link">
            {alert.rule_name}
          </PageLink>
        </h3>
        {told?.explanation.split(/\n+/).map((text) => (
          <p key={text} className="alert-explanation">
            {text}
          </p>
        ))}
        {alert.mitre.length > 0 && (
          <p className="alert-mitre">
            MITRE ATT&amp;CK:{" "}
            {alert.mitre.map((technique) => (
              <a key={technique} href={mitreHref(technique)} target="_blank" rel="noreferrer noopener">
                {technique} <IconExternalLink size={13} stroke={1.8} aria-label="(opens elsewhere)" />
              </a>
            ))}
          </p>
        )}
      </section>
      <AlertHistory alert={alert} />
    </div>
  );
}

const STATE_WORDS = { open: "Open", acknowledged: "Acknowledged", silenced: "Silenced", resolved: "Over" } as const;
