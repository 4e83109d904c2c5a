import { formatCount } from "@flowtrail/model";
import type { AgentHealth } from "../../lib/api-types.ts";
import { only } from "../../lib/filter-edit.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { showGuide } from "./guide-state.ts";

/** What a new agent sees. */
export function Connected({ agent }: { agent: AgentHealth }) {
  const networks = Object.entries(agent.addresses);
  const live = new URLSearchParams({ from: "-15m", q: only("", "reporter", agent.name) });
  return (
    <>
      <dl className="guide-facts">
        <div>
          <dt>{networks.length === 1 ? "Network" : "Networks"} that it sees</dt>
          <dd>
            {networks.length === 0 && "none yet"}
            {networks.map(([network, addresses]) => (
              <div key={network}>
                <strong>{network}</strong> {addresses.join(", ")}
              </div>
            ))}
          </dd>
        </div>
        <div>
          <dt>Reports so far</dt>
          <dd>{agent.rows === 0 ? "none yet: a row comes with the next connection" : formatCount(agent.rows)}</dd>
        </div>
      </dl>
      <p className="guide-small">
        As long as the command runs, it reports. To have it start with the machine, make it a service:{" "}
        <code>packages/agent/systemd/flowtrail-agent.service</code> uses the same token file.
      </p>
      <PageLink path={TRAFFIC_LOGS_PATH} params={live} className="link-button guide-live" onClickCapture={() => showGuide(false)}>
        See its traffic, live
      </PageLink>
    </>
  );
}
