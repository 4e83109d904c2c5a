/** What agents record, as the API tells it. */
import {
  type AddressMode,
  type CapturePolicy,
  type CaptureState,
  type Change,
  isNetworkOn,
  isNodeOn,
  isTruncated,
  type NameMode,
  namesOf,
  type OwnSettings,
} from "./capture-state.ts";
import type { Places } from "./places.ts";

export interface CaptureReport {
  readonly settings: CapturePolicy;
  readonly defaults: CapturePolicy;
  readonly set: Partial<CapturePolicy>;
  readonly changed: ChangeJson | null;
  readonly networks: readonly NetworkCapture[];
  readonly nodes: readonly NodeCapture[];
}

interface ChangeJson {
  readonly time: string;
  readonly who: string;
}

interface NetworkCapture {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly names: NameMode;
  readonly inherited_names: NameMode;
  readonly external_addresses: AddressMode;
  readonly set: OwnSettings;
  readonly changed: ChangeJson | null;
  readonly agents: number;
}

interface NodeCapture {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly changed: ChangeJson | null;
  readonly networks: readonly string[];
  readonly last_seen: string | null;
  readonly recording: boolean | null;
}

export function captureReport(state: CaptureState, { networks, nodes }: Places): CaptureReport {
  const { policy, defaults, overrides, changed } = state;
  return {
    settings: policy,
    defaults,
    set: overrides,
    changed: changeJson(changed),
    networks: networks.map(({ id, name, inventoryNames }) => ({
      id,
      name,
      enabled: isNetworkOn(state, id),
      names: namesOf(state, id, inventoryNames),
      inherited_names: inventoryNames ?? policy.names,
      external_addresses: isTruncated(state, id) ? "truncated" : "full",
      set: state.networks.get(id)?.set ?? {},
      changed: changeJson(state.networks.get(id)?.changed ?? null),
      agents: nodes.filter(({ agent }) => agent !== undefined && !agent.silent && id in agent.addresses).length,
    })),
    nodes: nodes.map(({ id, name, agent }) => ({
      id,
      name,
      enabled: isNodeOn(state, id),
      changed: changeJson(state.nodes.get(id)?.changed ?? null),
      networks: Object.keys(agent?.addresses ?? {}),
      last_seen: agent?.last_seen ?? null,
      recording: agent === undefined || agent.silent ? null : agent.gauges.paused !== 1,
    })),
  };
}

function changeJson(change: Change | null): ChangeJson | null {
  return change && { time: new Date(change.ms).toISOString(), who: change.who };
}
