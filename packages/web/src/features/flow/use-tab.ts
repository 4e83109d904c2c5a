import { navigate, useUrl } from "../../lib/url.ts";

export const TABS = ["overview", "reports", "timeline", "related", "json", "compare"] as const;
export type PanelTab = (typeof TABS)[number];

/** The panel's tab, in the address; the first one if it names none. */
export function useTab(): [PanelTab, (tab: string | null) => void] {
  const { path, params } = useUrl();
  const choose = (tab: string | null) => {
    const next = new URLSearchParams(params);
    if (tab === null || tab === TABS[0]) next.delete("tab");
    else next.set("tab", tab);
    // Nobody would want to go back through tabs.
    navigate(path, next, { replace: true });
  };
  return [TABS.find((tab) => tab === params.get("tab")) ?? TABS[0], choose];
}
