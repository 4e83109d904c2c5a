import { only } from "../../lib/filter-edit.ts";
import type { OverviewAnswer } from "../../lib/types-charts.ts";
import { type Metric, unitOf } from "../histogram/choices.ts";
import { GroupName, ServiceName } from "./names.tsx";
import { NewBlock } from "./new-block.tsx";
import { TopBlock } from "./top-block.tsx";
import { isCompared } from "./words.ts";

/** Who and what has most of it. */
export function Lists({ answer, metric }: { answer: OverviewAnswer; metric: Metric }) {
  const { nodes, users, externals, services } = answer.top;
  const common = { unit: unitOf(metric), compared: isCompared(answer) };
  return (
    <div className="overview-lists">
      <TopBlock
        title="Top nodes"
        hint="by what they reported"
        what="Node"
        top={nodes}
        {...common}
        link={{ chart: { metric, group: "reporter" } }}
        name={([group = null]) => <GroupName field="reporter" group={group} entity="node" />}
      />
      <TopBlock
        title="Top users"
        what="User"
        top={users}
        {...common}
        link={{ ask: (q) => only(q, "src.type", "user"), chart: { metric, group: "src.name" } }}
        name={([group = null]) => <GroupName field="src.name" group={group} entity="user" none="Without a name" />}
      />
      <TopBlock
        title="Top external destinations"
        what="Domain"
        top={externals}
        {...common}
        link={{ ask: (q) => only(q, "dst.type", "external"), chart: { metric, group: "domain" } }}
        name={([group = null]) => <GroupName field="dst.domain" group={group} entity="external" none="Without a domain" />}
      />
      <TopBlock
        title="Top services"
        what="Port and protocol"
        top={services}
        {...common}
        link={{ chart: { metric, group: "dst.port" } }}
        name={([port = null, protocol = null]) => <ServiceName port={port} protocol={protocol} />}
      />
      <NewBlock fresh={answer.new_externals} />
    </div>
  );
}
