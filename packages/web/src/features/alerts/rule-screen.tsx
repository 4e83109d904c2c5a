import { Loader } from "@mantine/core";
import { useMe } from "../../lib/me.ts";
import { useUrl } from "../../lib/url.ts";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { NEW, usePlace } from "./alerts-url.ts";
import { RuleEditor } from "./rule-editor.tsx";
import { NEW_RULE } from "./rule-form.ts";
import { RuleList } from "./rule-list.tsx";
import { useRules } from "./use-alerts.ts";
import "./rules.css";

/** All rules, or the one that is edited. */
export function RuleScreen() {
  const { place } = usePlace();
  const { params } = useUrl();
  const { maySet } = useMe();
  const { data, error, refetch } = useRules();
  const known = data?.rules.find(({ id }) => id === place.rule) ?? null;
  const begun = place.rule === NEW && maySet ? { ...NEW_RULE, q: params.get("q") ?? "" } : null;
  return (
    <div className="rules-scroll settings">
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loader m="auto" aria-label="Loading" />}
      {data !== undefined && (known !== null || begun !== null) && (
        <RuleEditor key={place.rule} known={known} begun={begun} taken={data.rules.map(({ id }) => id)} />
      )}
      {data !== undefined && known === null && begun === null && (
        <>
          {place.rule !== null && place.rule !== NEW && (
            <p className="alert-dim">There is no rule “{place.rule}” (any more). These are all there are.</p>
          )}
          <RuleList rules={data.rules} />
        </>
      )}
    </div>
  );
}
