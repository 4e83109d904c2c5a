import { carriedParams } from "../../lib/asked.ts";
import type { EntityKind } from "../../lib/paths.ts";
import { useUrl } from "../../lib/url.ts";
import { PageLink } from "../../ui/page-link.tsx";
import "./entity-tabs.css";

export const VIEWS = ["overview", "logs", "history"] as const;
export type EntityView = (typeof VIEWS)[number];

const LABELS: Readonly<Record<EntityView, string>> = { overview: "Overview", logs: "Traffic Logs", history: "History" };

/** Which of its views the address asks for. */
export function readView(params: URLSearchParams): EntityView {
  return VIEWS.find((view) => view === params.get("view")) ?? "overview";
}

/** Links: each view has an address, and what is asked goes along. Nobody keeps a history of what is outside. */
export function EntityTabs({ kind }: { kind: EntityKind }) {
  const { path, params } = useUrl();
  const shown = readView(params);
  const paramsOf = (view: EntityView) => {
    const next = new URLSearchParams([...carriedParams(params), ["name", params.get("name") ?? ""]]);
    if (view !== "overview") next.set("view", view);
    return next;
  };
  return (
    <nav className="entity-tabs" aria-label="Views of it">
      {VIEWS.filter((view) => view !== "history" || kind !== "external").map((view) => (
        <PageLink key={view} path={path} params={paramsOf(view)} aria-current={view === shown ? "page" : undefined}>
          {LABELS[view]}
        </PageLink>
      ))}
    </nav>
  );
}
