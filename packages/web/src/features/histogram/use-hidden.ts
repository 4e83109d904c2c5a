import { useState } from "react";
import type { ChartSeries } from "../../ui/charts/series.ts";

/** Series that are not shown for now. */
export function useHidden() {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  return {
    hidden,
    toggle: (key: string) => {
      const next = new Set(hidden);
      if (!next.delete(key)) next.add(key);
      setHidden(next);
    },
    shownOf: <S extends ChartSeries>(series: readonly S[]): readonly S[] => series.filter(({ key }) => !hidden.has(key)),
  };
}
