import { Button, Loader } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { AlertPanel } from "./alert-panel.tsx";
import { AlertRow } from "./alert-row.tsx";
import { type ListTab, STATE_OF, usePlace } from "./alerts-url.ts";
import { nextAlert } from "./next-alert.ts";
import { NothingListed } from "./nothing-listed.tsx";
import { OfAllNetworks } from "./of-all-networks.tsx";
import { OfRule } from "./of-rule.tsx";
import { SilenceList } from "./silence-list.tsx";
import { useAlertList } from "./use-alerts.ts";

/** Alerts of one state, newest first, and the one that is looked at. */
export function AlertList({ tab }: { tab: ListTab }) {
  const { place, go } = usePlace();
  const list = useRef<HTMLUListElement>(null);
  const { data, error, dataUpdatedAt, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useAlertList(
    STATE_OF[tab],
    place.rule,
  );
  const alerts = data?.pages.flatMap((page) => page.alerts) ?? [];
  const openAt = alerts.findIndex(({ id }) => id === place.alert);
  const wasAt = useRef(0);
  useEffect(() => {
    if (openAt !== -1) wasAt.current = openAt;
  }, [openAt]);
  const step = (by: 1 | -1) => {
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>(".alert-summary") ?? [])];
    const focused = links.indexOf(document.activeElement as HTMLAnchorElement);
    const next =
      place.alert === null
        ? nextAlert({ by, at: focused, wasAt: 0, count: links.length })
        : nextAlert({ by, at: openAt, wasAt: wasAt.current, count: links.length });
    const alert = alerts[next];
    if (alert === undefined) return false;
    if (place.alert !== null) go({ ...place, alert: alert.id }, { replace: true });
    links[next]?.focus();
    return true;
  };
  const close = () => {
    if (place.alert === null) return false;
    go({ ...place, alert: null });
    list.current?.querySelectorAll<HTMLAnchorElement>(".alert-summary")[openAt]?.focus();
    return true;
  };
  useHotkeys({ j: () => step(1), k: () => step(-1), Escape: close });
  return (
    <>
      {place.rule !== null && <OfRule rule={place.rule} />}
      <OfAllNetworks />
      {tab === "silenced" && <SilenceList />}
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      <div className="alerts-body">
        {data === undefined && error === null && <Loader m="auto" aria-label="Loading" />}
        {data !== undefined && alerts.length === 0 && <NothingListed tab={tab} rule={place.rule} />}
        {alerts.length > 0 && (
          <div className="alerts-scroll">
            <ul ref={list} className="alert-list" aria-label="Alerts">
              {alerts.map((alert) => (
                <AlertRow key={alert.id} alert={alert} isOpen={alert.id === place.alert} nowMs={dataUpdatedAt} />
              ))}
            </ul>
            {hasNextPage && (
              <Button size="xs" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Show more
              </Button>
            )}
          </div>
        )}
        {place.alert !== null && (
          <AlertPanel
            key={place.alert}
            id={place.alert}
            known={alerts.find(({ id }) => id === place.alert) ?? null}
            onClose={close}
            onNext={step}
          />
        )}
      </div>
    </>
  );
}
