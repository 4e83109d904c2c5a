import { ANALYZE_PATH, TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { LISTS, listParams, PRESETS, presetParams } from "./presets.ts";
import "./tiles.css";

interface TileProps {
  readonly title: string;
  readonly says: string;
  readonly q: string;
  readonly path: string;
  readonly params: URLSearchParams;
}

/** Questions to begin with. Network and time stay as they are. */
export function Tiles() {
  const { asked } = useAsked();
  return (
    <ul className="analyze-tiles" aria-label="Recommended questions">
      {PRESETS.map((preset) => (
        <Tile key={preset.id} {...preset} path={ANALYZE_PATH} params={presetParams(preset, asked)} />
      ))}
      {LISTS.map((list) => (
        <Tile key={list.id} {...list} path={TRAFFIC_LOGS_PATH} params={listParams(list, asked)} />
      ))}
    </ul>
  );
}

function Tile({ title, says, q, path, params }: TileProps) {
  return (
    <li>
      <PageLink path={path} params={params} title={q === "" ? says : `${says}. Filter: ${q}`}>
        <strong>{title}</strong>
        <span>{says}</span>
      </PageLink>
    </li>
  );
}
