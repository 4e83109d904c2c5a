import { useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { PRESETS, presetParams } from "./presets.ts";
import "./tiles.css";

/** Questions to begin with. Network and time stay as they are. */
export function Tiles() {
  const { path } = useUrl();
  const { asked } = useAsked();
  return (
    <ul className="analyze-tiles" aria-label="Recommended questions">
      {PRESETS.map((preset) => (
        <li key={preset.id}>
          <PageLink
            path={path}
            params={presetParams(preset, asked)}
            title={preset.q === "" ? preset.says : `${preset.says}. Filter: ${preset.q}`}
          >
            <strong>{preset.title}</strong>
            <span>{preset.says}</span>
          </PageLink>
        </li>
      ))}
    </ul>
  );
}
