import { ALERTS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { usePlace } from "./alerts-url.ts";
import { useRules } from "./use-alerts.ts";

/** The list is that of one rule. */
export function OfRule({ rule }: { rule: string }) {
  const { place, paramsOf } = usePlace();
  const name = useRules().data?.rules.find(({ id }) => id === rule)?.name ?? rule;
  return (
    <p className="alerts-of">
      Of the rule <strong>{name}</strong> alone.{" "}
      <PageLink path={ALERTS_PATH} params={paramsOf({ tab: place.tab })}>
        All rules
      </PageLink>
    </p>
  );
}
