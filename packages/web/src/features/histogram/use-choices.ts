import { writeAsked } from "../../lib/asked.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { type Group, type Metric, readGroup, readMetric } from "./choices.ts";

export interface Choices {
  readonly metric: Metric;
  readonly group: Group;
  choose(change: { readonly metric?: Metric; readonly group?: Group }): void;
}

/** `metric=` and `group=` of the address. What is so anyway is not in it. */
export function useChoices(usual: { readonly metric: Metric; readonly group: Group }): Choices {
  const { path, params } = useUrl();
  const { asked } = useAsked();
  return {
    metric: readMetric(params.get("metric"), usual.metric),
    group: readGroup(params.get("group"), usual.group),
    choose: (change) => {
      const next = new URLSearchParams(params);
      for (const [name, value] of Object.entries(change)) {
        if (value === usual[name as keyof typeof usual]) next.delete(name);
        else next.set(name, value);
      }
      navigate(path, writeAsked(asked, next));
    },
  };
}
