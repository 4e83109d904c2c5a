import { SegmentedControl } from "@mantine/core";
import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";
import { NobodyKnown } from "../features/inventory/nobody-known.tsx";
import { navigate, useUrl } from "../lib/url.ts";

const KINDS = [
  { value: "user", label: "Users" },
  { value: "config_file", label: "Config files" },
];

/** All users with their devices, and the config files that were handed out. */
export function UsersRoute() {
  const { path, params } = useUrl();
  const kind = params.get("kind") === "config_file" ? "config_file" : "user";
  const choose = (value: string) => {
    const next = new URLSearchParams(params);
    next.delete("find");
    if (value === "user") next.delete("kind");
    else next.set("kind", value);
    navigate(path, next);
  };
  return (
    <InventoryScreen
      title={kind === "user" ? "Users" : "Config files"}
      kind={kind}
      actions={<SegmentedControl size="xs" aria-label="Which" data={KINDS} value={kind} onChange={choose} />}
      empty={<NobodyKnown kind={kind} />}
    />
  );
}
