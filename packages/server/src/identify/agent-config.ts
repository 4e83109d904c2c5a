/** What agents are told: the switches of the fleet and the networks of the inventory. */
import { createHash } from "node:crypto";
import type { Inventory } from "./inventory-schema.ts";

export interface AgentSettings {
  readonly enabled: boolean;
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly icmp: boolean;
  readonly dns: boolean;
  readonly names: "off" | "second-level" | "full";
  readonly denied: boolean;
  readonly process: boolean;
  readonly exclude: readonly string[];
}

export interface AgentConfig {
  /** Changes when anything else in it does. */
  readonly version: string;
  readonly enabled: boolean;
  readonly networks: readonly {
    readonly id: string;
    readonly ranges: readonly string[];
    readonly egress: readonly { readonly id: string; readonly ranges: readonly string[] }[];
    /** Addresses of users' devices and config files. */
    readonly members: readonly string[];
  }[];
  readonly capture: Pick<AgentSettings, "icmp" | "dns" | "names" | "denied" | "process">;
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly exclude: readonly string[];
}

export function agentConfig({ networks }: Inventory, settings: AgentSettings): AgentConfig {
  const { enabled, update_interval_s, flush_interval_ms, exclude, icmp, dns, names, denied, process } = settings;
  const config = {
    enabled,
    networks: networks.map(({ id, ranges, egress, users, config_files }) => ({
      id,
      ranges,
      egress: egress.map((route) => ({ id: route.id, ranges: route.ranges })),
      members: [...users.flatMap((user) => user.devices), ...config_files].flatMap(({ addresses }) => addresses),
    })),
    capture: { icmp, dns, names, denied, process },
    update_interval_s,
    flush_interval_ms,
    exclude,
  };
  return { version: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16), ...config };
}
