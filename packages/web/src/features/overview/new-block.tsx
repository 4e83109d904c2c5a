import { formatBytes, formatCount, formatExactBytes } from "@flowtrail/model";
import { only } from "../../lib/filter-edit.ts";
import type { OverviewAnswer } from "../../lib/types-charts.ts";
import { Block } from "./block.tsx";
import { GroupName } from "./names.tsx";
import "./new-block.css";

/** Domains that nobody went to before. */
export function NewBlock({ fresh }: { fresh: OverviewAnswer["new_externals"] }) {
  const { rows, more, since, complete } = fresh;
  return (
    <Block
      title="New external domains"
      hint={`not seen in the 30 days before${complete ? "" : ", of those with most traffic"}`}
      link={{ ask: (q) => only(q, "dst.type", "external"), chart: { group: "domain" } }}
    >
      {rows.length === 0 ? (
        <p className="block-none">
          {since === null
            ? "No traffic to the outside is known from before this time range: nothing to compare with"
            : "None in this time range"}
        </p>
      ) : (
        <ul className="new-domains">
          {rows.map(({ domain, bytes }) => (
            <li key={domain}>
              <GroupName field="dst.domain" group={domain} entity="external" />
              <span title={formatExactBytes(BigInt(bytes))}>{formatBytes(BigInt(bytes))}</span>
            </li>
          ))}
        </ul>
      )}
      {more > 0 && <p className="block-more">{formatCount(more)} more, with less traffic</p>}
    </Block>
  );
}
