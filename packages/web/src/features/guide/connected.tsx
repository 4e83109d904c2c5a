import { formatCount } from "@flowtrail/model";
import type { AgentHealth } from "../../lib/api-types.ts";

/** What a new agent sees. */
export function Connected({ agent }: { agent: AgentHealth }) {
  const networks = Object.entries(agent.addresses);
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
    </>
  );
}
