import { Fragment } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { entityPath, NETWORKS_PATH, NODES_PATH, USERS_PATH } from "../../lib/paths.ts";
import { useUrl } from "../../lib/url.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { counted } from "../inventory/kinds.ts";
import { useInventoryList } from "../inventory/use-list.ts";
import { Fact } from "./fact.tsx";

/** Who is in it: each leads to the list. */
export function MemberFacts({ network }: { network: string }) {
  const { params } = useUrl();
  const { data } = useInventoryList("network");
  const members = data?.answer.entities.find(({ name }) => name === network)?.members;
  if (members == null) return null;
  const inIt = new URLSearchParams(carriedParams(params));
  inIt.set("net", network);
  const configFiles = new URLSearchParams([...inIt, ["kind", "config_file"]]);
  const routes = new URLSearchParams([...inIt, ["kind", "egress"]]);
  const parts = [
    { key: "node", path: NODES_PATH, params: inIt, count: members.nodes },
    { key: "user", path: USERS_PATH, params: inIt, count: members.users },
    { key: "config_file", path: USERS_PATH, params: configFiles, count: members.config_files },
    { key: "egress", path: NETWORKS_PATH, params: routes, count: members.egress },
  ] as const;
  return (
    <>
      <Fact label="Members">
        {parts
          .filter(({ count }) => count > 0)
          .map(({ key, count, ...to }, i) => (
            <Fragment key={key}>
              {i > 0 && ", "}
              <PageLink {...to} className="entity-log">
                {counted(key, count)}
              </PageLink>
            </Fragment>
          ))}
        {Object.values(members).every((count) => count === 0) && "none known"}
      </Fact>
      <Fact label="Agents">{members.agents} report</Fact>
    </>
  );
}

/** Each leads to its page. */
export function NetworkLinks({ networks }: { networks: readonly string[] }) {
  const { params } = useUrl();
  return networks.map((network, i) => (
    <Fragment key={network}>
      {i > 0 && ", "}
      <PageLink
        path={entityPath("network")}
        params={new URLSearchParams([...carriedParams(params), ["name", network]])}
        className="entity-log"
      >
        {network}
      </PageLink>
    </Fragment>
  ));
}
