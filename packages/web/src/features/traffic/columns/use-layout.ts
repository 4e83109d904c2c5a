import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import { navigate, useUrl } from "../../../lib/url.ts";
import { layoutParams, readLayout, type TableLayout, writeLayout } from "./layout.ts";

/** How the table looks: as the address says, else as this person left it. A change is both, and no step of the back button. */
export function useLayout(): readonly [TableLayout, (layout: TableLayout) => void] {
  const { path, params } = useUrl();
  const [remembered, remember] = useLocalStorage({
    key: "flowtrail.table",
    defaultValue: "",
    getInitialValueInEffect: false,
  });
  const text = ["cols", "rows", "pin"].map((name) => params.get(name)).join("&");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` is all that it reads of `params`: the rest changes more often
  const layout = useMemo(() => readLayout(params, remembered), [text, remembered]);
  const change = (next: TableLayout) => {
    remember(layoutParams(next).toString());
    navigate(path, writeLayout(next, params), { replace: true });
  };
  return [layout, change];
}
