/** Settings, as the API tells them. */

export const NAME_MODES = ["full", "second-level", "off"] as const;
export type NameMode = (typeof NAME_MODES)[number];
export const ADDRESS_MODES = ["full", "truncated"] as const;
export type AddressMode = (typeof ADDRESS_MODES)[number];

/** What agents record, for the fleet. */
export interface CapturePolicy {
  readonly enabled: boolean;
  readonly icmp: boolean;
  readonly dns: boolean;
  readonly names: NameMode;
  /** What firewalls drop. */
  readonly denied: boolean;
  readonly process: boolean;
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly exclude: readonly string[];
  readonly exclude_users: readonly string[];
  readonly exclude_groups: readonly string[];
  readonly exclude_nodes: readonly string[];
  readonly exclude_domains: readonly string[];
  readonly external_addresses: AddressMode;
  readonly pseudonyms: boolean;
}

export interface Changed {
  readonly time: string;
  readonly who: string;
}

export interface NetworkCapture {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly names: NameMode;
  /** In force if nothing is set. */
  readonly inherited_names: NameMode;
  readonly external_addresses: AddressMode;
  readonly set: { readonly enabled?: boolean; readonly names?: NameMode; readonly external_addresses?: AddressMode };
  readonly changed: Changed | null;
  readonly agents: number;
}

export interface NodeCapture {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly changed: Changed | null;
  readonly networks: readonly string[];
  readonly last_seen: string | null;
  /** What its agent says; null: it is silent. */
  readonly recording: boolean | null;
}

export interface CaptureReport {
  readonly settings: CapturePolicy;
  readonly defaults: CapturePolicy;
  readonly set: Partial<CapturePolicy>;
  readonly changed: Changed | null;
  readonly networks: readonly NetworkCapture[];
  readonly nodes: readonly NodeCapture[];
}

/** Null: as for the fleet. */
export interface NetworkChange {
  readonly enabled?: boolean | null;
  readonly names?: NameMode | null;
  readonly external_addresses?: AddressMode | null;
}

/** What is left out stays as it is; null is as configured again. */
export type CaptureChange = { readonly [K in keyof CapturePolicy]?: CapturePolicy[K] | null } & {
  readonly networks?: Readonly<Record<string, NetworkChange>>;
  readonly nodes?: Readonly<Record<string, { readonly enabled?: boolean | null }>>;
};

export interface CaptureSet extends CaptureReport {
  readonly effect: { readonly sentences: readonly string[]; readonly agents: number };
}

export interface NewHold {
  readonly from: string;
  readonly to?: string;
  readonly network?: string;
  readonly reason: string;
}
