import { formatCount } from "@flowtrail/model";
import { useAlertCount } from "../alerts/use-alerts.ts";

/** How many alerts are open, beside the link to them; nothing, if none is. */
export function OpenAlerts() {
  const count = useAlertCount().data;
  if (count === undefined || count.open === 0) return null;
  const isBad = count.by_severity.high + count.by_severity.critical > 0;
  return (
    <span className={`nav-badge${isBad ? " nav-badge-bad" : ""}`}>
      {count.open > 99 ? "99+" : formatCount(count.open)}
      <span className="visually-hidden"> open</span>
    </span>
  );
}
