import { expect, it } from "vitest";
import type { CaptureReport } from "../../lib/types-settings.ts";
import {
  captureBasis,
  captureChange,
  NO_DRAFT,
  readNumber,
  readRanges,
  withFleet,
  withNetwork,
  withSwitched,
} from "./capture-draft.ts";

const settings = {
  enabled: true,
  icmp: true,
  dns: true,
  names: "full",
  denied: false,
  process: false,
  update_interval_s: 10,
  flush_interval_ms: 500,
  exclude: ["10.0.0.0/8"],
  exclude_users: [],
  exclude_groups: [],
  exclude_nodes: [],
  exclude_domains: [],
  external_addresses: "full",
  pseudonyms: false,
} as const;
const saved: CaptureReport = {
  settings,
  defaults: settings,
  set: {},
  changed: null,
  networks: [
    {
      id: "lab",
      name: "lab",
      enabled: true,
      names: "full",
      inherited_names: "full",
      external_addresses: "full",
      set: {},
      changed: null,
      agents: 1,
    },
    {
      id: "office",
      name: "Office",
      enabled: false,
      names: "off",
      inherited_names: "full",
      external_addresses: "full",
      set: { names: "off" },
      changed: null,
      agents: 1,
    },
  ],
  nodes: [{ id: "debian", name: "debian", enabled: true, changed: null, networks: [], last_seen: null, recording: null }],
};

it("sends what differs, and nothing else", () => {
  let draft = withFleet(NO_DRAFT, saved, { icmp: false, names: "off" });
  draft = withSwitched(draft, saved, "networks", ["lab", "office"], false);
  draft = withSwitched(draft, saved, "nodes", ["debian"], false);
  expect(captureChange(draft)).toEqual({
    icmp: false,
    names: "off",
    networks: { lab: { enabled: false } },
    nodes: { debian: { enabled: false } },
  });
});

it("is without a change when all is taken back", () => {
  let draft = withFleet(NO_DRAFT, saved, { icmp: false, exclude: [] });
  draft = withSwitched(draft, saved, "networks", ["lab"], false);
  draft = withNetwork(draft, saved, "lab", "names", "off");
  draft = withFleet(draft, saved, { icmp: true, exclude: ["10.0.0.0/8"] });
  draft = withSwitched(draft, saved, "networks", ["lab"], true);
  expect(captureChange(draft)).toEqual({ networks: { lab: { names: "off" } } });
  expect(captureChange(withNetwork(draft, saved, "lab", "names", null))).toBeNull();
});

it("goes back to what holds for the fleet", () => {
  const draft = withSwitched(withNetwork(NO_DRAFT, saved, "office", "names", null), saved, "networks", ["office"], true);
  expect(captureChange(draft)).toEqual({ networks: { office: { enabled: null, names: null } } });
});

it("reads ranges and numbers as people write them", () => {
  expect(readRanges("10.0.0.0/8, fd0a::/64\n10.0.0.0/8\n")).toEqual({ ranges: ["10.0.0.0/8", "fd0a::/64"], problem: null });
  expect(readRanges("10.0.0.0/33").problem).toContain("10.0.0.0/33 is no address range");
  expect(readRanges("")).toEqual({ ranges: [], problem: null });
  expect([readNumber(" 30 ", 1, 300), readNumber("0", 1, 300), readNumber("1.5", 1, 300), readNumber("", 1, 9)]).toEqual([
    30,
    null,
    null,
    null,
  ]);
});

it("is based on what others set, and not on what is heard of", () => {
  const [lab] = saved.networks;
  if (lab === undefined) throw new Error("no network");
  const basis = captureBasis(saved);
  expect(captureBasis({ ...saved, networks: [...saved.networks, { ...lab, id: "new" }] })).toBe(basis);
  expect(captureBasis({ ...saved, networks: saved.networks.map((one) => ({ ...one, agents: 9 })) })).toBe(basis);
  expect(captureBasis({ ...saved, settings: { ...settings, icmp: false } })).not.toBe(basis);
  expect(captureBasis({ ...saved, networks: saved.networks.map((one) => ({ ...one, set: { enabled: false } })) })).not.toBe(
    basis,
  );
  expect(captureBasis({ ...saved, nodes: saved.nodes.map((one) => ({ ...one, enabled: !one.enabled })) })).not.toBe(basis);
});
