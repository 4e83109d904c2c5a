import type { InventoryKind } from "../../lib/types-inventory.ts";
import { useUrl } from "../../lib/url.ts";
import { FirstRun } from "../guide/first-run.tsx";
import { useHealth } from "../health/use-health.ts";
import { NobodyKnown } from "./nobody-known.tsx";

/** A list that fills itself as soon as agents report: has none ever come, or do they tell of none of these? */
export function NobodyListed({ kind }: { kind: InventoryKind }) {
  const { data, isPending } = useHealth();
  const { params } = useUrl();
  if (isPending) return null;
  const isFirst = params.get("net") === null && data?.agents?.length === 0;
  return isFirst ? <FirstRun /> : <NobodyKnown kind={kind} />;
}
