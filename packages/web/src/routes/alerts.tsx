import { AlertList } from "../features/alerts/alert-list.tsx";
import { AlertTabs } from "../features/alerts/alert-tabs.tsx";
import { usePlace } from "../features/alerts/alerts-url.ts";
import { RuleScreen } from "../features/alerts/rule-screen.tsx";
import "../features/alerts/alerts.css";
import "../features/entity/entity-tabs.css";
import "./settings.css";

/** What the rules found, and the rules. */
export function AlertsRoute() {
  const { place } = usePlace();
  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Alerts</h1>
      </header>
      <AlertTabs />
      {place.tab === "rules" ? <RuleScreen /> : <AlertList key={place.tab} tab={place.tab} />}
    </>
  );
}
