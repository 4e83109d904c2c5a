/** What stands in the lists' cells. */
import { formatBytes, formatCount, formatDuration, formatExactBytes } from "@flowtrail/model";
import { useMe } from "../../lib/me.ts";
import type { ListedEntity } from "../../lib/types-inventory.ts";
import { useClock } from "../../lib/use-clock.ts";
import { openGuide } from "../guide/guide-state.ts";
import { type AgentState, agentState } from "./agent-words.ts";
import { counted } from "./kinds.ts";

/** As many as there is room for, the others in number; all on hover. */
export function Several({ texts, most = 2, none = "–" }: { texts: readonly string[]; most?: number; none?: string }) {
  if (texts.length === 0) return <span className="inventory-none">{none}</span>;
  const more = texts.length - most;
  return (
    <span className="cut" title={texts.join("\n")}>
      {texts.slice(0, most).join(", ")}
      {more > 0 && ` +${more}`}
    </span>
  );
}

const DOTS: Readonly<Record<AgentState, string>> = {
  reports: "inventory-dot-well",
  silent: "inventory-dot-silent",
  "off by settings": "inventory-dot-off",
};

/** Does its agent report? */
export function AgentCell({ name, agent, removed }: Pick<ListedEntity, "name" | "agent" | "removed">) {
  const clock = useClock();
  const { maySet } = useMe();
  if (agent === null && removed !== null) return <span className="inventory-none">–</span>;
  if (agent === null) {
    return (
      <span className="inventory-none">
        <span title="No agent of it was heard of in the last 24 hours">none for 24 h</span>
        {maySet && (
          <button type="button" className="inventory-add" aria-label={`Add an agent on ${name}`} onClick={() => openGuide(name)}>
            Add
          </button>
        )}
      </span>
    );
  }
  const agoMs = Date.now() - Date.parse(agent.last_seen);
  const ago = agoMs < 2000 ? "now" : `${formatDuration(agoMs)} ago`;
  const state = agentState(agent);
  const version = agent.version === null ? "" : ` · ${agent.version}`;
  return (
    <span className="cut" title={`Last heard of ${clock.exact(Date.parse(agent.last_seen))}`}>
      <span className={`inventory-dot ${DOTS[state]}`} aria-hidden />
      {`${state}, ${ago}`}
      <span className="inventory-dim">{version}</span>
    </span>
  );
}

export function MembersCell({ members }: Pick<ListedEntity, "members">) {
  if (members === null) return null;
  const { nodes, users, config_files, egress } = members;
  const parts = [
    nodes > 0 && counted("node", nodes),
    users > 0 && counted("user", users),
    config_files > 0 && counted("config_file", config_files),
    egress > 0 && counted("egress", egress),
  ].filter((part) => part !== false);
  return <Several texts={parts} most={4} none="none known" />;
}

export function BytesCell({ bytes }: Pick<ListedEntity, "bytes">) {
  const exact = typeof bytes === "number" ? bytes : BigInt(bytes);
  if (Number(bytes) === 0) return <span className="inventory-none">–</span>;
  return <span title={formatExactBytes(exact)}>{formatBytes(exact)}</span>;
}

export function CountCell({ count }: { count: number | string }) {
  if (Number(count) === 0) return <span className="inventory-none">–</span>;
  return formatCount(typeof count === "number" ? count : BigInt(count));
}
