/** What the address of the Alerts screen says: `/alerts?tab=history&alert=…`, `/alerts?tab=rules&rule=port-scan`. */
import type { AlertState } from "@flowtrail/model";
import { carriedParams } from "../../lib/asked.ts";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { navigate, useUrl } from "../../lib/url.ts";

export const LISTS = ["open", "acknowledged", "silenced", "history"] as const;
export type ListTab = (typeof LISTS)[number];
export type AlertsTab = ListTab | "rules";

export const STATE_OF: Readonly<Record<ListTab, AlertState>> = {
  open: "open",
  acknowledged: "acknowledged",
  silenced: "silenced",
  history: "resolved",
};

export const NEW = "new";

export interface AlertsPlace {
  readonly tab: AlertsTab;
  /** Of the alert whose panel is open. */
  readonly alert: string | null;
  /** Alerts of this rule alone; with the rules: the one that is edited, or `new`. */
  readonly rule: string | null;
}

export function readPlace(params: URLSearchParams): AlertsPlace {
  const tab = params.get("tab");
  return {
    tab: tab === "rules" ? tab : (LISTS.find((one) => one === tab) ?? "open"),
    alert: params.get("alert"),
    rule: params.get("rule"),
  };
}

/** @param carried network and time of the address stay in it: another screen asks for them */
export function writePlace({ tab, alert, rule }: Partial<AlertsPlace>, carried = new URLSearchParams()): URLSearchParams {
  const params = new URLSearchParams([...carriedParams(carried)].filter(([name]) => name !== "q"));
  if (tab !== undefined && tab !== "open") params.set("tab", tab);
  if (rule != null) params.set("rule", rule);
  if (alert != null) params.set("alert", alert);
  return params;
}

/** Where a rule with this filter is begun. */
export function newRuleParams(q: string): URLSearchParams {
  const params = writePlace({ tab: "rules", rule: NEW });
  if (q !== "") params.set("q", q);
  return params;
}

export function usePlace() {
  const { params } = useUrl();
  const place = readPlace(params);
  return {
    place,
    go: (next: Partial<AlertsPlace>, options?: { replace?: boolean }) => navigate(ALERTS_PATH, writePlace(next, params), options),
    paramsOf: (next: Partial<AlertsPlace>) => writePlace(next, params),
  };
}
