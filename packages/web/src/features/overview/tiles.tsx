import { formatCount } from "@flowtrail/model";
import type { ReactNode } from "react";
import { only } from "../../lib/filter-edit.ts";
import { useMe } from "../../lib/me.ts";
import { HEALTH_PATH } from "../../lib/paths.ts";
import type { OverviewAnswer, TileAnswer } from "../../lib/types-charts.ts";
import { ChangeTag } from "../../ui/charts/change-tag.tsx";
import { Sparkline } from "../../ui/charts/sparkline.tsx";
import { type ChartUnit, formatExact, formatShort } from "../../ui/charts/units.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { LogLink, type LogLinkProps } from "./log-link.tsx";
import { isCompared } from "./words.ts";
import "./tiles.css";

const TO_OUTSIDE = { ask: (q: string) => only(q, "dst.type", "external"), chart: { group: "domain" } };
const DENIED = {
  ask: (q: string) => only(q, "verdict", "denied"),
  chart: { reports: "all", metric: "reports", group: "verdict" },
};
const UNANSWERED = { chart: { metric: "connections", group: "verdict" }, ask: (q: string) => only(q, "verdict", "unanswered") };

export interface TilesProps extends Pick<OverviewAnswer, "tiles"> {
  /** Agents are of the network as a whole. */
  readonly withAgents?: boolean;
}

/** How the network is, in six figures; of what is asked for alone, in five. */
export function Tiles({ tiles, withAgents: areAsked = true }: TilesProps) {
  const { mayAudit } = useMe();
  // A viewer is told of agents in its networks alone: a figure of some would read as one of all.
  const withAgents = areAsked && mayAudit;
  const { throughput, connections, open, externals, denied, unanswered, agents } = tiles;
  const compared = isCompared({ tiles });
  return (
    <div className={withAgents ? "figures" : "figures figures-five"}>
      <Figure compared={compared} label="Throughput" tile={throughput} unit="bytes/s" link={{ chart: { metric: "rate" } }} />
      <Figure
        compared={compared}
        label="New connections"
        tile={connections}
        unit="connections/s"
        link={{ chart: { metric: "connections" } }}
      />
      <section className="figure">
        <h2>Active connections</h2>
        <p className="figure-value">
          <LogLink ask={(q) => only(q, "state", "open")}>{formatCount(open)}</LogLink>
        </p>
        <p className="figure-note">Open right now, whatever the time range</p>
      </section>
      <Figure compared={compared} label="External domains" tile={externals} unit="domains" link={TO_OUTSIDE} />
      <Figure compared={compared} label="Denied" tile={denied} unit="reports" link={DENIED}>
        <LogLink {...UNANSWERED} title={formatExact(unanswered.value, "connections")}>
          {formatShort(unanswered.value, "connections")} without an answer
        </LogLink>
      </Figure>
      {withAgents && (
        <section className="figure">
          <h2>Agents reporting</h2>
          <p className="figure-value">
            <PageLink path={HEALTH_PATH} params={new URLSearchParams()}>
              {agents.reporting} of {agents.known}
            </PageLink>
          </p>
          <p className={agents.reporting < agents.known ? "figure-note figure-bad" : "figure-note"}>{agentsNote(agents)}</p>
        </section>
      )}
    </div>
  );
}

interface FigureProps {
  readonly label: string;
  readonly tile: TileAnswer;
  readonly unit: ChartUnit;
  readonly link: Omit<LogLinkProps, "children">;
  readonly compared: boolean;
  readonly children?: ReactNode;
}

function Figure({ label, tile, unit, link, compared, children }: FigureProps) {
  return (
    <section className="figure">
      <h2>{label}</h2>
      <p className="figure-value">
        <LogLink {...link} title={formatExact(tile.value, unit)}>
          {formatShort(tile.value, unit)}
        </LogLink>
        {compared && <ChangeTag now={tile.value} before={tile.previous} unit={unit} />}
      </p>
      {children !== undefined && <p className="figure-note">{children}</p>}
      <Sparkline values={tile.series} label={`${label} over the time range`} />
    </section>
  );
}

function agentsNote({ reporting, known }: OverviewAnswer["tiles"]["agents"]): string {
  if (known === 0) return "No agent has reported in the last day";
  const silent = known - reporting;
  if (silent === 0) return "All that reported in the last day";
  return silent === 1 ? "One is silent" : `${silent} are silent`;
}
