import { formatCount } from "@flowtrail/model";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { type AlertsTab, LISTS, usePlace } from "./alerts-url.ts";
import { useAlertCount, useRules } from "./use-alerts.ts";

const LABELS: Readonly<Record<AlertsTab, string>> = {
  open: "Open",
  acknowledged: "Acknowledged",
  silenced: "Silenced",
  history: "History",
  rules: "Rules",
};

/** Links: each list has an address. */
export function AlertTabs() {
  const { place, paramsOf } = usePlace();
  const counts = useAlertCount().data;
  const rules = useRules().data?.rules.length;
  const countOf = (tab: AlertsTab) => (tab === "rules" ? rules : tab === "history" ? undefined : counts?.[tab]);
  return (
    <nav className="entity-tabs" aria-label="Lists of alerts">
      {([...LISTS, "rules"] as const).map((tab) => {
        const count = countOf(tab);
        return (
          <PageLink key={tab} path={ALERTS_PATH} params={paramsOf({ tab })} aria-current={tab === place.tab ? "page" : undefined}>
            {LABELS[tab]}
            {count !== undefined && <span className="alert-count"> {formatCount(count)}</span>}
          </PageLink>
        );
      })}
    </nav>
  );
}
