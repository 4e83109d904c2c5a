/** Which networks and nodes something can be set for: those that the inventory or an agent knows, and those that something is set for. */
import { nearest } from "@flowtrail/model";
import type { AgentReport } from "../health/agent-book.ts";
import type { Inventory } from "../identify/inventory-schema.ts";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import type { CaptureChange, CaptureState, NameMode } from "./capture-state.ts";
import { SettingsError, type SettingsErrorData } from "./errors.ts";

export interface NetworkPlace {
  readonly id: string;
  readonly name: string;
  /** What the inventory says of its names. */
  readonly inventoryNames: NameMode | undefined;
}

export interface NodePlace {
  /** Of its reports. */
  readonly id: string;
  readonly name: string;
  /** Of the last day. */
  readonly agent: AgentReport | undefined;
}

export interface PlaceFacts {
  readonly inventory: Inventory;
  /** Of the last day. */
  readonly agents: readonly AgentReport[];
  /** All that are expected or were ever heard of, but those whose token was taken back. */
  readonly reporters: readonly { readonly id: string; readonly name: string }[];
  readonly state: CaptureState;
}

export class Places {
  readonly networks: readonly NetworkPlace[];
  readonly nodes: readonly NodePlace[];

  constructor({ inventory, agents, reporters, state }: PlaceFacts) {
    const known = new Map(inventory.networks.map((network) => [network.id, network]));
    const told = agents.flatMap(({ addresses }) => Object.keys(addresses));
    const networks = [...new Set([...known.keys(), ...told, ...state.networks.keys()])].filter((id) => id !== SAMPLE_NETWORK);
    this.networks = networks
      .map((id) => ({ id, name: known.get(id)?.name ?? id, inventoryNames: known.get(id)?.names }))
      .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));

    const names = new Map([...reporters, ...agents].map(({ id, name }) => [id, name]));
    const reports = new Map(agents.map((agent) => [agent.id, agent]));
    const nodes = [...new Set([...names.keys(), ...state.nodes.keys()])];
    this.nodes = nodes
      .map((id) => ({ id, name: names.get(id) ?? id, agent: reports.get(id) }))
      .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  }

  readonly nameOf = (kind: "network" | "node", id: string): string =>
    (kind === "network" ? this.networks : this.nodes).find((place) => place.id === id)?.name ?? id;

  /**
   * The change with ids where names were given.
   * @param nodeOf the node that the inventory calls so, which may have no agent yet; null: it knows none
   * @throws SettingsError
   */
  resolved(change: CaptureChange, nodeOf: (word: string) => string | null): CaptureChange {
    const problems: { parameter: string; message: string }[] = [];
    const resolve = <T>(
      kind: "network" | "node",
      places: readonly { id: string; name: string }[],
      given: Readonly<Record<string, T>>,
    ) =>
      Object.fromEntries(
        Object.entries(given).map(([word, value]) => {
          const found = places.find(({ id }) => id === word) ?? places.find(({ name }) => name === word);
          const id = found?.id ?? (kind === "node" ? nodeOf(word) : null);
          if (id === null) problems.push({ parameter: `${kind}s.${word}`, message: unknown(kind, word, places) });
          return [id ?? word, value];
        }),
      );
    const { networks, nodes, ...fleet } = change;
    const resolved = {
      ...fleet,
      ...(networks === undefined ? {} : { networks: resolve("network", this.networks, networks) }),
      ...(nodes === undefined ? {} : { nodes: resolve("node", this.nodes, nodes) }),
    };
    if (problems.length > 0) throw badSettings(problems);
    return resolved;
  }
}

const SHOWN = 10;

/** `there is no network offce; known are lab, office` */
function unknown(kind: string, word: string, places: readonly { id: string; name: string }[]): string {
  const names = places.map(({ name }) => name);
  const near = nearest(word, names);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  const known = names.length === 0 ? "none is known yet" : `known are ${names.slice(0, SHOWN).join(", ")}${more}`;
  return `there is no ${kind} ${word}${near === null ? "" : `, did you mean ${near}?`}; ${known}`;
}

function badSettings(problems: SettingsErrorData["problems"]): SettingsError {
  const message = problems.map((problem) => `${problem.parameter}: ${problem.message}`).join("; ");
  return new SettingsError({ code: "BAD_SETTINGS", problems }, message);
}
