import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import type { InventoryKind } from "../../lib/types-inventory.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { titleOf } from "./kinds.ts";

/** Which of the kinds of a screen the address asks for, the first one if it says nothing; and the way to the others. */
export function useKind<K extends InventoryKind>(kinds: readonly [K, ...K[]]): [kind: K, choice: ReactNode] {
  const { path, params } = useUrl();
  const [first] = kinds;
  const kind = kinds.find((one) => one === params.get("kind")) ?? first;
  const choose = (value: string) => {
    const next = new URLSearchParams(params);
    next.delete("find");
    if (value === first) next.delete("kind");
    else next.set("kind", value);
    navigate(path, next);
  };
  const data = kinds.map((value) => ({ value, label: titleOf(value) }));
  return [kind, <SegmentedControl key="kinds" size="xs" aria-label="Which" data={data} value={kind} onChange={choose} />];
}
