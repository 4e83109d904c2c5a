/** What is asked of Netmaker, part by part. A part that can't be read stays as it was read last: one bad endpoint takes nobody's name away. */
import {
  clientSchema,
  egressSchema,
  groupSchema,
  hostSchema,
  type NetmakerClientEntity,
  type NetmakerEgress,
  type NetmakerGroup,
  type NetmakerHost,
  type NetmakerNetwork,
  type NetmakerNode,
  type NetmakerStaticNode,
  type NetmakerUser,
  networkSchema,
  nodeSchema,
  staticNodeSchema,
  userIpsSchema,
  userSchema,
} from "./entities.ts";
import { NetmakerError } from "./errors.ts";
import { type Ask, type Entries, isObject, listOf, pagedListOf, readEntries, unwrap } from "./lists.ts";

/** Everything that Netmaker said, part by part as new as it could be read. */
export interface Snapshot {
  readonly networks: readonly NetmakerNetwork[];
  readonly hosts: readonly NetmakerHost[];
  readonly nodes: readonly NetmakerNode[];
  readonly statics: readonly NetmakerStaticNode[];
  readonly clients: readonly NetmakerClientEntity[];
  readonly users: readonly NetmakerUser[];
  readonly groups: readonly NetmakerGroup[];
  /** User and groups by IPv4 address. */
  readonly userIps: Readonly<Record<string, { readonly user: string; readonly groups: readonly string[] }>>;
  /** By network id. */
  readonly egress: Readonly<Record<string, readonly NetmakerEgress[]>>;
}

export interface Reading {
  /** Null: something that nobody's name may depend on chance for was never read yet. */
  readonly snapshot: Snapshot | null;
  /** What could not be read or used, as sentences. */
  readonly problems: readonly string[];
}

/** Statuses that mean that this version or edition, or this token's role, does not have it at all. */
const ABSENT: ReadonlySet<number> = new Set([404, 405, 410, 501]);
const REFUSED: ReadonlySet<number> = new Set([...ABSENT, 403]);
/** After which it is no use to ask on: every answer would be the same. */
const POINTLESS: ReadonlySet<number> = new Set([401, 429, 503]);

/** Without them nobody has a name. */
const VITAL: ReadonlySet<string> = new Set(["networks", "nodes"]);

export class NetmakerParts {
  /** By part: what was read of it last. */
  readonly #known = new Map<string, Entries<unknown>>();
  /** Parts that were empty the last time, though they had entries before. */
  readonly #emptied = new Set<string>();
  #problems: string[] = [];
  #failedInARow = 0;
  #wasWhole = false;

  /**
   * Asks for all of it, one question after the other.
   * @throws NetmakerError when it is no use to ask on: nothing listens, the token is not valid, it is too busy; or the asking's abort reason
   */
  async read(ask: Ask): Promise<Reading> {
    this.#problems = [];
    this.#failedInARow = 0;
    const networks = await this.#part(
      "networks",
      () => listOf(ask, "api/networks"),
      () => networkSchema,
    );
    const nodes = await this.#part<NetmakerNode | NetmakerStaticNode>(
      "nodes",
      () => listOf(ask, "api/nodes"),
      (item) => (isObject(item) && item.is_static === true ? staticNodeSchema : nodeSchema),
    );
    const hosts = await this.#part(
      "hosts",
      () => oldOrPaged(ask, "api/hosts", "api/v1/hosts"),
      () => hostSchema,
      REFUSED,
    );
    const clients = await this.#part(
      "ext clients",
      () => listOf(ask, "api/extclients"),
      () => clientSchema,
      ABSENT,
    );
    const users = await this.#part(
      "users",
      () => oldOrPaged(ask, "api/users", "api/v2/users"),
      () => userSchema,
      REFUSED,
    );
    // Pro only.
    const groups = await this.#part(
      "user groups",
      () => listOf(ask, "api/v1/users/groups"),
      () => groupSchema,
      REFUSED,
      true,
    );
    const userIps = await this.#part(
      "users' addresses",
      () => userIpsOf(ask),
      () => userIpsSchema,
      REFUSED,
      true,
    );
    const egress: Record<string, readonly NetmakerEgress[]> = {};
    let isWhole = [networks, nodes, hosts, clients, users].every((part) => part !== null);
    for (const { netid } of networks ?? []) {
      const path = `api/v1/egress?network=${encodeURIComponent(netid)}`;
      const routes = await this.#part(
        `egress of ${netid}`,
        () => listOf(ask, path),
        () => egressSchema,
        ABSENT,
      );
      egress[netid] = routes ?? [];
      // Of a network that is new there is nothing to lose.
      isWhole &&= routes !== null || this.#wasWhole;
    }
    this.#forgetNetworks(new Set(Object.keys(egress)));
    const problems = this.#problems;
    // An inventory without a part of it would end what the part's entries hold, and names in rows are there to stay.
    if (!isWhole) return { snapshot: null, problems };
    this.#wasWhole = true;
    return {
      snapshot: {
        networks: networks ?? [],
        hosts: hosts ?? [],
        nodes: (nodes ?? []).filter((node): node is NetmakerNode => !isStatic(node)),
        statics: (nodes ?? []).filter(isStatic),
        clients: clients ?? [],
        users: users ?? [],
        groups: groups ?? [],
        userIps: userIps?.[0]?.mappings ?? {},
        egress,
      },
      problems,
    };
  }

  /**
   * One part: what it says now, else what it said last, else null.
   * @param without statuses that mean that there is nothing to have; 403 among them is told, unless it is `optional`
   */
  async #part<T>(
    name: string,
    items: () => Promise<readonly unknown[]>,
    schemaOf: Parameters<typeof readEntries<T>>[1],
    without: ReadonlySet<number> = new Set(),
    optional = false,
  ): Promise<readonly T[] | null> {
    try {
      const entries = readEntries(await items(), schemaOf, name);
      this.#failedInARow = 0;
      if (this.#isDoubtful(name, entries)) return this.#known.get(name)?.good as readonly T[];
      this.#known.set(name, entries);
      if (entries.first !== null) this.#problems.push(`${entries.broken} of ${name} left out: ${entries.first}`);
      return entries.good;
    } catch (error) {
      if (!(error instanceof NetmakerError)) throw error;
      return this.#failed<T>(name, error, without, optional);
    }
  }

  /** Netmaker whose database is just being restored says once that there is nothing; whoever has removed everything finds it gone a poll later. */
  #isDoubtful(name: string, { good }: Entries<unknown>): boolean {
    const had = this.#known.get(name)?.good.length ?? 0;
    if (!VITAL.has(name) || good.length > 0 || had === 0 || this.#emptied.delete(name)) {
      this.#emptied.delete(name);
      return false;
    }
    this.#emptied.add(name);
    this.#problems.push(
      `there are no ${name} any more, where there were ${had}: they stay in force unless the next answer says so again`,
    );
    return true;
  }

  #failed<T>(name: string, error: NetmakerError, without: ReadonlySet<number>, optional: boolean): readonly T[] | null {
    const { data } = error;
    const status = data.code === "NETMAKER_STATUS" ? data.status : 0;
    if (POINTLESS.has(status)) throw error;
    this.#failedInARow = data.code === "NETMAKER_NETWORK" ? this.#failedInARow + 1 : 0;
    // One slow endpoint is one; two after each other are a server that is away.
    if (data.code === "NETMAKER_NETWORK" && (data.reason !== "timeout" || this.#failedInARow > 1)) throw error;
    const known = this.#known.get(name) as Entries<T> | undefined;
    if (known === undefined && without.has(status)) {
      if (status === 403 && !optional) this.#problems.push(`${name} are not there: ${error.message}`);
      return [];
    }
    const kept = known === undefined ? "nothing is known of it" : "what it said last stays in force";
    this.#problems.push(`${name}: ${error.message}; ${kept}`);
    return known?.good ?? (optional ? [] : null);
  }

  #forgetNetworks(networks: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) {
      const netid = /^egress of (.*)$/s.exec(name)?.[1];
      if (netid !== undefined && !networks.has(netid)) this.#known.delete(name);
    }
  }
}

/** The old endpoint, and where that is gone, the one that gives pages. */
async function oldOrPaged(ask: Ask, old: string, paged: string): Promise<readonly unknown[]> {
  try {
    return await listOf(ask, old);
  } catch (error) {
    const isGone = error instanceof NetmakerError && error.data.code === "NETMAKER_STATUS" && ABSENT.has(error.data.status);
    if (!isGone) throw error;
    return pagedListOf(ask, paged);
  }
}

/** An object and no list: a list of one. */
async function userIpsOf(ask: Ask): Promise<readonly unknown[]> {
  const answer = unwrap(await ask("api/v1/users/network_ip"));
  return answer === null || answer === undefined ? [] : [answer];
}

function isStatic(node: NetmakerNode | NetmakerStaticNode): node is NetmakerStaticNode {
  return "static_node" in node;
}
