import { formatBytes, formatCount, formatDuration } from "@flowtrail/model";
import type { AgentHealth, Health } from "../../lib/api-types.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Command } from "../../ui/command.tsx";
import { AddNode } from "../guide/add-node.tsx";
import { agentNotes, kernelText, lostCount } from "./agent-notes.ts";
import { rateText } from "./rate-text.ts";
import "./agent-table.css";

/** Every agent of the last 24 hours, and what is to be done about those that are not well. */
export function AgentTable({ health }: { health: Health }) {
  const agents = health.agents ?? [];
  return (
    <section>
      <h2>Agents {agents.length > 0 && <span className="agents-count">{agents.length}, of the last 24 hours</span>}</h2>
      {agents.length === 0 ? (
        <NoAgents health={health} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="agents" tabIndex={0} aria-label="Agents">
          <table>
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">Last seen</th>
                <th scope="col" className="right" title="How far behind its newest rows are">
                  Lag
                </th>
                <th scope="col" className="right" title="What waits on its disk for the server">
                  Spool
                </th>
                <th scope="col" className="right" title="Rows a second within the last minute">
                  Rate
                </th>
                <th scope="col" className="right">
                  Rows
                </th>
                <th scope="col" className="right" title="What it left out, by reason (below)">
                  Dropped
                </th>
                <th scope="col" className="right" title="Batches that never came though later ones did">
                  Gaps
                </th>
                <th scope="col" className="right" title="Its clock against the server's">
                  Clock
                </th>
                <th scope="col" title="Does its kernel count bytes and note when connections begin?">
                  Kernel
                </th>
                <th scope="col">Version</th>
              </tr>
            </thead>
            {agents.map((agent) => (
              <AgentRows key={agent.id} agent={agent} />
            ))}
          </table>
        </section>
      )}
    </section>
  );
}

function AgentRows({ agent }: { agent: AgentHealth }) {
  const clock = useClock();
  const notes = agentNotes(agent);
  const dropped = Object.values(agent.drops).reduce((sum, count) => sum + count, 0);
  const lost = lostCount(agent);
  return (
    <tbody>
      <tr>
        <th scope="row">
          <span
            className={`agent-dot ${agent.off_by_settings ? "" : agent.silent ? "agent-silent" : "agent-well"}`}
            aria-hidden
          />
          {agent.name}
          <span className="visually-hidden">
            {agent.off_by_settings ? " (off by settings)" : agent.silent ? " (silent)" : " (reports)"}
          </span>
        </th>
        <td title={clock.exact(Date.parse(agent.last_seen))}>{ago(agent.last_seen)}</td>
        <td className="right">{agent.lag_ms === null || agent.off_by_settings ? "–" : formatDuration(agent.lag_ms)}</td>
        <td className="right" title={`${formatCount(agent.spool.batches)} batches`}>
          {agent.spool.bytes === 0 ? "empty" : formatBytes(agent.spool.bytes)}
        </td>
        <td className="right">{rateText(agent.rows_per_second)}</td>
        <td className="right">{formatCount(agent.rows)}</td>
        <td className="right">{formatCount(dropped)}</td>
        <td className="right">{lost === 0 ? "none" : `${formatCount(lost)} ${lost === 1 ? "batch" : "batches"}`}</td>
        <td className="right">{clockText(agent.clock_skew_ms)}</td>
        <td>{kernelText(agent)}</td>
        <td>{agent.version ?? "–"}</td>
      </tr>
      {notes.map((note) => (
        <tr key={note.text} className="agent-note">
          <td colSpan={11} className={`agent-note-${note.kind}`}>
            {note.text}
            {note.command !== undefined && <Command text={note.command} />}
          </td>
        </tr>
      ))}
    </tbody>
  );
}

function NoAgents({ health }: { health: Health }) {
  const message = health.local_agent?.message;
  return (
    <div className="agents-none">
      <p>{message ?? "No agent has reported in the last 24 hours. A node is added with one command:"}</p>
      <AddNode />
    </div>
  );
}

function ago(time: string): string {
  const ms = Date.now() - Date.parse(time);
  return ms < 2000 ? "now" : `${formatDuration(ms)} ago`;
}

function clockText(skewMs: number | null): string {
  if (skewMs === null) return "–";
  if (Math.abs(skewMs) < 50) return "exact";
  return `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead" : "behind"}`;
}
