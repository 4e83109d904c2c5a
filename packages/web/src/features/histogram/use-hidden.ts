import { useCallback, useState } from "react";
import type { ChartSeries } from "../../ui/charts/series.ts";

export const NONE_HIDDEN: ReadonlySet<string> = new Set();

/** Series that are not shown for now. @param of what they are series of: those of something else are all shown */
export function useHidden(of = "") {
  const [chosen, setChosen] = useState({ of, keys: NONE_HIDDEN });
  const hidden = chosen.of === of ? chosen.keys : NONE_HIDDEN;
  const toggle = (key: string) => {
    const keys = new Set(hidden);
    if (!keys.delete(key)) keys.add(key);
    setChosen({ of, keys });
  };
  const shownOf = useCallback(
    <S extends ChartSeries>(series: readonly S[]): readonly S[] => series.filter(({ key }) => !hidden.has(key)),
    [hidden],
  );
  return { hidden, toggle, shownOf };
}
