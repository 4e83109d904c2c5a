import { WrongQuery } from "../features/filter/wrong-query.tsx";
import { COSTLY_ROWS } from "../features/histogram/refetch.ts";
import { MapBar } from "../features/map/map-bar.tsx";
import { MapCanvas } from "../features/map/map-canvas.tsx";
import { MapLegend } from "../features/map/map-legend.tsx";
import { MapTable } from "../features/map/map-table.tsx";
import { useMap } from "../features/map/use-map.ts";
import { useMapChoices } from "../features/map/use-map-choices.ts";
import { EmptyLog } from "../features/traffic/empty-log.tsx";
import type { AnswerMeta } from "../lib/api-types.ts";
import { mistakeIn } from "../lib/asked.ts";
import { useAsked } from "../lib/use-asked.ts";
import { CostLine } from "../ui/cost-line.tsx";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../ui/screen-skeleton.tsx";
import "./map.css";

/** Who talks to whom: drawn, and in numbers. */
export function MapRoute() {
  const { asked, change } = useAsked();
  const chosen = useMapChoices();
  const { data, error, isPlaceholderData, refetch } = useMap(chosen);
  const head = (
    <header className="screen-head">
      <h1 className="screen-title">Map</h1>
    </header>
  );
  const mistake = mistakeIn(asked.q);
  if (mistake !== null) {
    return (
      <>
        {head}
        <WrongQuery mistake={mistake} />
      </>
    );
  }
  const isEmpty = data !== undefined && data.graph.nodes.length === 0;
  return (
    <>
      {head}
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <ScreenSkeleton />}
      {isEmpty && <EmptyLog query={{ ...asked, reports: "merged" }} onChange={change} />}
      {data !== undefined && !isEmpty && (
        <div className={`map-screen${isPlaceholderData || error !== null ? " map-old" : ""}`} aria-busy={isPlaceholderData}>
          <MapBar chosen={chosen} graph={data.graph} />
          {!chosen.table && <MapLegend graph={data.graph} />}
          {chosen.table ? (
            <MapTable answered={data} sort={chosen.sort} onSort={(sort) => chosen.choose({ sort })} />
          ) : (
            <MapCanvas answered={data} find={chosen.find} />
          )}
          <CostLine meta={data.graph.meta} exact={!data.graph.estimated} note={costNote(data.graph.meta)} />
        </div>
      )}
    </>
  );
}

function costNote({ rows_read }: AnswerMeta): string | null {
  return rows_read !== null && rows_read > COSTLY_ROWS ? "So many rows are not read again by themselves" : null;
}
