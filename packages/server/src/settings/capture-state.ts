/** What agents record, as people set it: for the fleet, for a network, for a node. Pure. */
import type { Setting } from "../store/settings/settings-log.ts";

export const NAME_MODES = ["off", "second-level", "full"] as const;
export type NameMode = (typeof NAME_MODES)[number];
export const ADDRESS_MODES = ["full", "truncated"] as const;
export type AddressMode = (typeof ADDRESS_MODES)[number];

/** For the whole fleet. */
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
  /** By id or name. */
  readonly exclude_users: readonly string[];
  /** Groups of users, and tags of anybody. */
  readonly exclude_groups: readonly string[];
  readonly exclude_nodes: readonly string[];
  readonly exclude_domains: readonly string[];
  /** How much of addresses of the internet is kept. */
  readonly external_addresses: AddressMode;
  /** Names of people are kept under a key. */
  readonly pseudonyms: boolean;
}
export const CAPTURE_FIELDS = [
  "enabled",
  "icmp",
  "dns",
  "names",
  "denied",
  "process",
  "update_interval_s",
  "flush_interval_ms",
  "exclude",
  "exclude_users",
  "exclude_groups",
  "exclude_nodes",
  "exclude_domains",
  "external_addresses",
  "pseudonyms",
] as const satisfies readonly (keyof CapturePolicy)[];

/** The same, with nothing else in it. */
export function capturePolicyOf(config: CapturePolicy): CapturePolicy {
  return Object.fromEntries(CAPTURE_FIELDS.map((field) => [field, config[field]])) as unknown as CapturePolicy;
}

/** What is set of one network or node. Left out: as for the fleet. */
export interface OwnSettings {
  readonly enabled?: boolean;
  /** Of a network. */
  readonly names?: NameMode;
  readonly external_addresses?: AddressMode;
}

export interface Change {
  readonly ms: number;
  readonly who: string;
}

export interface CaptureState {
  /** In force. */
  readonly policy: CapturePolicy;
  /** As configured. */
  readonly defaults: CapturePolicy;
  readonly overrides: Partial<CapturePolicy>;
  /** Null: it never was. */
  readonly changed: Change | null;
  /** By id. */
  readonly networks: ReadonlyMap<string, Owned>;
  readonly nodes: ReadonlyMap<string, Owned>;
}

interface Owned {
  readonly set: OwnSettings;
  readonly changed: Change;
}

type Nullable<T> = { readonly [K in keyof T]?: T[K] | null | undefined };
/** Null: as configured again, or as for the fleet. Left out: as it is. */
export type CaptureChange = Nullable<CapturePolicy> & {
  readonly networks?: Readonly<Record<string, Nullable<Required<OwnSettings>>>> | undefined;
  readonly nodes?: Readonly<Record<string, Nullable<Pick<Required<OwnSettings>, "enabled">>>> | undefined;
};

export function captureStateOf(defaults: CapturePolicy, settings: readonly Setting[]): CaptureState {
  const fleet = settings.find(({ name }) => name === "capture");
  const overrides = fleet === undefined ? {} : (JSON.parse(fleet.value) as Partial<CapturePolicy>);
  const owned = (kind: Setting["name"]) =>
    new Map(
      settings
        .filter(({ name }) => name === kind)
        .map(({ id, value, changedMs, who }) => [id, { set: JSON.parse(value) as OwnSettings, changed: { ms: changedMs, who } }]),
    );
  return {
    policy: { ...defaults, ...overrides },
    defaults,
    overrides,
    changed: fleet === undefined ? null : { ms: fleet.changedMs, who: fleet.who },
    networks: owned("network"),
    nodes: owned("node"),
  };
}

/** What would be in force after a change. */
export function captureAfter(state: CaptureState, change: CaptureChange, by: Change): CaptureState {
  const { networks = {}, nodes = {}, ...fleet } = change;
  const overrides = merged<CapturePolicy>(state.overrides, fleet);
  const owned = (before: ReadonlyMap<string, Owned>, changes: Readonly<Record<string, Nullable<OwnSettings>>>) =>
    new Map([
      ...before,
      ...Object.entries(changes).map(([id, one]) => [id, { set: merged(before.get(id)?.set ?? {}, one), changed: by }] as const),
    ]);
  return {
    ...state,
    policy: { ...state.defaults, ...overrides },
    overrides,
    changed: isEqual(overrides, state.overrides) ? state.changed : by,
    networks: owned(state.networks, networks),
    nodes: owned(state.nodes, nodes),
  };
}

function merged<T extends object>(set: Partial<T>, change: Nullable<T>): Partial<T> {
  const entries = Object.entries({ ...set, ...withoutUndefined(change) }).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as Partial<T>;
}

const withoutUndefined = (object: object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export const isEqual = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Is a network's traffic recorded, the fleet's switch aside? */
export function isNetworkOn({ networks }: CaptureState, id: string): boolean {
  return networks.get(id)?.set.enabled !== false;
}

/** Are addresses of the internet cut in a network? */
export function isTruncated({ policy, networks }: CaptureState, id: string): boolean {
  return (networks.get(id)?.set.external_addresses ?? policy.external_addresses) === "truncated";
}

/** Does a node's agent record, the fleet's switch aside? */
export function isNodeOn({ nodes }: CaptureState, id: string): boolean {
  return nodes.get(id)?.set.enabled !== false;
}

/** Does a node's agent record at all? */
export function isRecording(state: CaptureState, id: string): boolean {
  return state.policy.enabled && isNodeOn(state, id);
}

/** How much of the names of a network's flows is kept. @param inventory what the inventory says of the network, if anything */
export function namesOf({ policy, networks }: CaptureState, id: string, inventory: NameMode | undefined): NameMode {
  return networks.get(id)?.set.names ?? inventory ?? policy.names;
}
