import { writeAsked } from "../../lib/asked.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { type MapChoices, readChoices, writeChoices } from "./choices.ts";

export interface ChosenMap extends MapChoices {
  /** `replace`: no step of the history, as for each letter that is typed. */
  choose(change: Partial<MapChoices>, options?: { replace?: boolean }): void;
}

/** What of the map the address chooses. */
export function useMapChoices(): ChosenMap {
  const { path, params } = useUrl();
  const { asked } = useAsked();
  return {
    ...readChoices(params),
    choose: (change, options) => navigate(path, writeAsked(asked, writeChoices(change, params)), options),
  };
}
