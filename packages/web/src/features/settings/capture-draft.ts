/** What a person has changed of what agents record, and has not saved. */
import { isDomainPattern, parseCidr } from "@flowtrail/model";
import type { CaptureChange, CapturePolicy, CaptureReport, NetworkChange } from "../../lib/types-settings.ts";

export interface CaptureDraft {
  /** Only what differs from what is in force. */
  readonly fleet: Partial<CapturePolicy>;
  /** By id. */
  readonly networks: Readonly<Record<string, NetworkChange & { readonly enabled?: boolean }>>;
  readonly nodes: Readonly<Record<string, { readonly enabled?: boolean }>>;
}

export const NO_DRAFT: CaptureDraft = { fleet: {}, networks: {}, nodes: {} };

export function withFleet(draft: CaptureDraft, saved: CaptureReport, change: Partial<CapturePolicy>): CaptureDraft {
  const fleet = Object.entries({ ...draft.fleet, ...change }).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(saved.settings[field as keyof CapturePolicy]),
  );
  return { ...draft, fleet: Object.fromEntries(fleet) as Partial<CapturePolicy> };
}

/** The switch of networks or nodes. */
export function withSwitched(
  draft: CaptureDraft,
  saved: CaptureReport,
  kind: "networks" | "nodes",
  ids: readonly string[],
  enabled: boolean,
): CaptureDraft {
  const all: Record<string, NetworkChange & { readonly enabled?: boolean }> = { ...draft[kind] };
  for (const id of ids) {
    const was = saved[kind].find((one) => one.id === id)?.enabled ?? true;
    const { enabled: _, ...rest } = all[id] ?? {};
    const next = was === enabled ? rest : { ...rest, enabled };
    delete all[id];
    if (Object.keys(next).length > 0) all[id] = next;
  }
  return { ...draft, [kind]: all };
}

/** What a network has of its own. @param value null: as for the fleet */
export function withNetwork<K extends "names" | "external_addresses">(
  draft: CaptureDraft,
  saved: CaptureReport,
  id: string,
  field: K,
  value: NonNullable<NetworkChange[K]> | null,
): CaptureDraft {
  const was = saved.networks.find((network) => network.id === id)?.set[field] ?? null;
  const { [field]: _, ...rest } = draft.networks[id] ?? {};
  const next = was === value ? rest : { ...rest, [field]: value };
  const { [id]: __, ...others } = draft.networks;
  return { ...draft, networks: Object.keys(next).length > 0 ? { ...others, [id]: next } : others };
}

/** As it is sent. Null: nothing is changed. */
export function captureChange({ fleet, networks, nodes }: CaptureDraft): CaptureChange | null {
  const change = {
    ...fleet,
    ...(Object.keys(networks).length === 0 ? {} : { networks: cleared(networks) }),
    ...(Object.keys(nodes).length === 0 ? {} : { nodes: cleared(nodes) }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** On is what is not set. */
function cleared<T extends { readonly enabled?: boolean }>(own: Readonly<Record<string, T>>) {
  return Object.fromEntries(
    Object.entries(own).map(([id, one]) => [id, { ...one, ...(one.enabled === true ? { enabled: null } : {}) }]),
  );
}

/** What is set, of whoever: a change that was reviewed before something else was set may do something else. */
export function captureBasis({ settings, networks, nodes }: CaptureReport): string {
  return JSON.stringify([
    settings,
    // What agents make known meanwhile has nothing set.
    networks.filter(({ set }) => Object.keys(set).length > 0).map(({ id, set }) => [id, set]),
    nodes.filter(({ enabled }) => !enabled).map(({ id }) => id),
  ]);
}

/** Ranges as a person writes them, one a line. A single address is a range of one. */
export function readRanges(text: string): { readonly ranges: readonly string[]; readonly problem: string | null } {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const bad = words.find((word) => parseCidr(word) === null);
  const problem = bad === undefined ? null : `${bad} is no address range: expected one such as 10.20.0.0/16`;
  return { ranges: [...new Set(words)], problem };
}

/** Names as a person writes them, one a line: they may have spaces. */
export function readWords(text: string): readonly string[] {
  const words = text.split("\n").map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ""))];
}

/** Domains, one a line or with commas. Those of other alphabets are written by the server as DNS has them. */
export function readDomains(text: string): { readonly domains: readonly string[]; readonly problem: string | null } {
  const domains = [...new Set(text.split(/[\s,]+/).filter((word) => word !== ""))].map((word) => word.toLowerCase());
  const isOne = (word: string) => isDomainPattern(word.replace(/[^\x21-\x7e]/g, "x"));
  const bad = domains.find((word) => !isOne(word));
  return {
    domains,
    problem: bad === undefined ? null : `${bad} is no domain: expected one such as example.com or *.example.com`,
  };
}

/** Whole number within bounds; null: it is none. */
export function readNumber(text: string, min: number, max: number): number | null {
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
