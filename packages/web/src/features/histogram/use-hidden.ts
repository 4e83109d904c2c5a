import { useCallback, useState } from "react";
import type { ChartSeries } from "../../ui/charts/series.ts";

/** Series that are not shown for now. */
export function useHidden() {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const toggle = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  };
  const shownOf = useCallback(
    <S extends ChartSeries>(series: readonly S[]): readonly S[] => series.filter(({ key }) => !hidden.has(key)),
    [hidden],
  );
  return { hidden, toggle, shownOf };
}
