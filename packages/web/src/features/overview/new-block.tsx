import { formatBytes, formatCount, formatExactBytes } from "@flowtrail/model";
import { only } from "../../lib/filter-edit.ts";
import { withPinned } from "../../lib/pinned-filter.ts";
import type { OverviewAnswer } from "../../lib/types-charts.ts";
import { Block } from "./block.tsx";
import { GroupName } from "./names.tsx";
import "./new-block.css";

/** Traffic to those that are listed, of what is asked. */
function askForNew(q: string, rows: OverviewAnswer["new_externals"]["rows"]): string {
  const external = only(q, "dst.type", "external");
  if (rows.length === 0) return external;
  return withPinned({ kind: "is", field: "dst.domain", values: rows.map(({ domain }) => domain), not: false }, external);
}

/** Domains that nobody went to before. */
export function NewBlock({ fresh }: { fresh: OverviewAnswer["new_externals"] }) {
  const { rows, more, since, complete } = fresh;
  return (
    <Block
      title="New external domains"
      hint={`not seen in the 30 days before${complete ? "" : ", of those with most traffic"}`}
      link={{ ask: (q) => askForNew(q, rows), chart: { group: "domain" } }}
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
