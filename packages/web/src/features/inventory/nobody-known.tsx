import { IconAddressBook } from "@tabler/icons-react";
import { carriedParams } from "../../lib/asked.ts";
import { useMe } from "../../lib/me.ts";
import { HEALTH_PATH } from "../../lib/paths.ts";
import type { InventoryKind } from "../../lib/types-inventory.ts";
import { useUrl } from "../../lib/url.ts";
import { Empty } from "../../ui/empty.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { NothingForYou } from "../guide/nothing-for-you.tsx";
import { nounOf } from "./kinds.ts";

function titleFor(kind: InventoryKind, network: string | null): string {
  if (network === null) return `No ${nounOf(kind)} are known`;
  return kind === "network" ? `No network “${network}” is known` : `No ${nounOf(kind)} are known in ${network}`;
}

/** Nobody has said who there is. */
export function NobodyKnown({ kind }: { kind: InventoryKind }) {
  const { params } = useUrl();
  const { mayAudit } = useMe();
  const network = params.get("net");
  if (!mayAudit) return <NothingForYou title={`There are no ${nounOf(kind)} that you may see`} />;
  return (
    <Empty
      icon={<IconAddressBook size={26} stroke={1.6} />}
      title={titleFor(kind, network)}
      actions={
        <PageLink path={HEALTH_PATH} params={carriedParams(params)} className="link-button">
          Where names come from
        </PageLink>
      }
    >
      <p>
        Agents see addresses. Who has them is said by an inventory file (<code>--inventory-file</code>) or by Netmaker (
        <code>inventory.netmaker.url</code>); both can be added while agents report.
      </p>
    </Empty>
  );
}
