import { formatCount, formatDuration } from "@flowtrail/model";
import { IconBell, IconBellOff, IconCircleCheck } from "@tabler/icons-react";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { Empty } from "../../ui/empty.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { type ListTab, usePlace } from "./alerts-url.ts";
import { useRules } from "./use-alerts.ts";

const NONE: Readonly<Record<ListTab, readonly [string, string]>> = {
  open: ["All quiet", ""],
  acknowledged: ["Nothing is acknowledged", "An alert that somebody looks after stands here until it is over."],
  silenced: ["No alert is silenced", "A silenced alert tells nobody for a while, and comes back if it still holds then."],
  history: ["No alert yet", "Alerts that are over stand here."],
};

/** Why there is nothing: nothing happened, nothing is watched, or nobody looked. */
export function NothingListed({ tab, rule }: { tab: ListTab; rule: string | null }) {
  const { data, dataUpdatedAt } = useRules();
  const { paramsOf } = usePlace();
  const [title, about] = NONE[tab];
  const rulesLink = (
    <PageLink path={ALERTS_PATH} params={paramsOf({ tab: "rules" })} className="link-button">
      Rules
    </PageLink>
  );
  if (data === undefined || rule !== null) {
    return <Empty icon={<IconBell size={26} stroke={1.6} />} title={rule === null ? title : "None of this rule"} />;
  }
  const on = data.rules.filter(({ enabled }) => enabled);
  if (on.length === 0) {
    return (
      <Empty icon={<IconBellOff size={26} stroke={1.6} />} title="No rule is on" actions={rulesLink}>
        <p>Nothing is watched: alerts come from rules, and all of them are switched off.</p>
      </Empty>
    );
  }
  const looked = Math.max(...on.map(({ status }) => (status.evaluated === null ? 0 : Date.parse(status.evaluated))));
  const failing = on.filter(({ status }) => status.error !== null).length;
  return (
    <Empty icon={<IconCircleCheck size={26} stroke={1.6} />} title={title} actions={rulesLink}>
      {about !== "" && <p>{about}</p>}
      <p>
        {on.length === 1 ? "One rule watches" : `${formatCount(on.length)} rules watch`}
        {looked === 0 ? "; none has looked yet." : `, last looked ${agoText(dataUpdatedAt - looked)}.`}
      </p>
      {failing > 0 && (
        <p className="alerts-failing">
          {failing === 1 ? "One of them could not be asked" : `${formatCount(failing)} of them could not be asked`}: see Rules.
        </p>
      )}
    </Empty>
  );
}

function agoText(ms: number): string {
  return ms < 1000 ? "just now" : `${formatDuration(ms)} ago`;
}
