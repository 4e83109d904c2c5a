/** What an agent says about itself with each batch: part of the Arrow schema's metadata, under the key `flowtrail`, as JSON. */

export interface BatchMetadata {
  readonly agent_version: string;
  /** The time that this batch speaks for, ms since 1970: an agent that ran without a break covers from the last batch's end. */
  readonly covered_from: number;
  readonly covered_to: number;
  /** Addresses of the reporter, by network id. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Said in the first batch of a run, whenever it changes, and every few minutes: it may be long. */
  readonly declares?: AgentDeclaration;
  /** Dropped since the batch before, by reason (`not_in_network`, `tunnel_transport`, `self`, `overrun`, `table_full`, …). */
  readonly drops: Readonly<Record<string, number>>;
  /** Gauges and facts of the moment (`open_flows`, `rss_bytes`, `conntrack_acct_found`, …). */
  readonly gauges: Readonly<Record<string, number>>;
}

/** What an agent knows of its networks without being told: a source of the server's inventory. */
export interface AgentDeclaration {
  /** The ranges of each network as the agent takes them, by network id. */
  readonly ranges: Readonly<Record<string, readonly string[]>>;
  /** The WireGuard interfaces that lie in a network. */
  readonly wireguard: readonly DeclaredInterface[];
}

export interface DeclaredInterface {
  readonly network: string;
  readonly name: string;
  /** Base64, as WireGuard tools print it. */
  readonly public_key: string;
  readonly peers: readonly {
    readonly public_key: string;
    /** In CIDR form. */
    readonly allowed_ips: readonly string[];
  }[];
}

export const METADATA_KEY = "flowtrail";

/** Headers that go with each upload, since they change from one attempt to the next. */
export const HEADER_BATCH = "flowtrail-batch";
/** The agent's clock when it sent, ms since 1970. */
export const HEADER_CLOCK = "flowtrail-clock";
/** What still waits in the agent's spool, this batch included: `<batches>;<bytes>`. */
export const HEADER_SPOOL = "flowtrail-spool";
/** The reporter's name, where there is no token to tell it (`--insecure-no-auth`). */
export const HEADER_NODE = "flowtrail-node";
/** In an answer to an agent: it shall change its token for a new one. */
export const HEADER_ROTATE = "flowtrail-rotate";
export const ARROW_CONTENT_TYPE = "application/vnd.apache.arrow.stream";
export const NDJSON_CONTENT_TYPE = "application/x-ndjson";
