/** A Netmaker server for tests: real HTTP, with answers in the shapes that Netmaker's versions give (docs/how-to/netmaker-inventory.md). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** `1.5`: bare lists. `1.6`: hosts and users in pages only, egress with several domains. */
export type NetmakerVersion = "1.5" | "1.6";
type Entity = Readonly<Record<string, unknown>>;
export type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

/** What the double has; each list may be set to anything, null too. */
export interface NetmakerData {
  networks: unknown;
  hosts: unknown;
  nodes: unknown;
  extclients: unknown;
  users: unknown;
  groups: unknown;
  mappings: unknown;
  /** By network id. */
  egress: Record<string, unknown>;
}

export class NetmakerDouble {
  readonly data: NetmakerData;
  readonly version: NetmakerVersion;
  /** The tokens that it takes. */
  readonly tokens = new Set(["good-token"]);
  /** Paths that were asked for, with their queries. */
  readonly asked: string[] = [];
  /** By path without query: what to do instead. */
  readonly instead = new Map<string, Answerer>();
  /** Does it have what only the paid edition has? */
  pro = true;
  /** Most questions that were open at the same time. */
  mostAtOnce = 0;
  readonly #server: Server;
  #open = 0;

  constructor(data: NetmakerData, version: NetmakerVersion = "1.5") {
    this.data = data;
    this.version = version;
    this.#server = createServer((request, response) => this.answer(request, response));
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers a path with a status, in the form of Netmaker's errors. */
  fail(path: string, status: number, message = "broken", headers: Record<string, string> = {}): void {
    this.instead.set(path, (_, response) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ Code: status, Message: message }));
    });
  }

  /** One request, from wherever it came. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#open);
    response.on("close", () => this.#open--);
    const url = new URL(request.url ?? "", "http://double");
    this.asked.push(`${url.pathname}${url.search}`);
    const [, token = ""] = /^Bearer (.*)$/.exec(request.headers.authorization ?? "") ?? [];
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const instead = this.instead.get(url.pathname);
    const answer = this.#answer(url);
    if (!this.tokens.has(token)) send(401, { Code: 401, Message: "unauthorized: token is expired or invalid" });
    else if (instead !== undefined) instead(request, response);
    else if (answer === undefined) send(404, { Code: 404, Message: "404 page not found" });
    else send(200, answer);
  }

  #answer({ pathname, searchParams }: URL): unknown {
    const { networks, hosts, nodes, extclients, users, groups, mappings, egress } = this.data;
    const isOld = this.version === "1.5";
    switch (pathname) {
      case "/api/networks":
        return networks;
      case "/api/nodes":
        return nodes;
      case "/api/extclients":
        return extclients;
      case "/api/hosts":
        return isOld ? hosts : undefined;
      case "/api/users":
        return isOld ? users : undefined;
      case "/api/v1/hosts":
        return isOld ? undefined : wrapped(page(hosts, searchParams));
      case "/api/v2/users":
        return isOld ? undefined : wrapped(page(users, searchParams));
      case "/api/v1/users/groups":
        return this.pro ? wrapped(groups) : undefined;
      case "/api/v1/users/network_ip":
        return this.pro ? wrapped({ mappings }) : undefined;
      case "/api/v1/egress": {
        const network = searchParams.get("network");
        return network === null ? undefined : wrapped(egress[network] ?? null);
      }
    }
    return undefined;
  }
}

const wrapped = (Response: unknown) => ({ Code: 200, Message: "fetched", Response });

function page(list: unknown, query: URLSearchParams): unknown {
  const all = Array.isArray(list) ? (list as Entity[]) : [];
  const size = Number(query.get("per_page")) || 10;
  const at = Number(query.get("page")) || 1;
  const data = all.slice((at - 1) * size, at * size);
  return {
    data: data.length === 0 ? null : data,
    page: at,
    per_page: size,
    total: all.length,
    total_pages: Math.ceil(all.length / size),
  };
}
