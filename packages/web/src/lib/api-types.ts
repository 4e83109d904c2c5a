/** Answers of the API that are not made of the column table alone. */
import type { FlowJson, StoreReport } from "@flowtrail/model";
import type { Role } from "./me.ts";

/** What an answer was made from and what it cost; every answer about flows has it as `meta`. */
export interface AnswerMeta {
  /** Tables, the main one first: `flows, flows_open`, `rollup_minutes`. */
  readonly table: string;
  /** Null: it is not told to those who may not see all. */
  readonly rows_read: number | null;
  readonly elapsed_ms: number;
  /** Not all that was asked for was looked at. */
  readonly partial: boolean;
  /** With `explain=sql`, for administrators. */
  readonly sql?: readonly { readonly statement: string; readonly parameters: Readonly<Record<string, unknown>> }[];
}

export interface FlowPage {
  readonly flows: readonly FlowJson[];
  /** Cursor of the next page, or null at the end. */
  readonly next: string | null;
  /** Cursor of the page before, or null at the beginning. */
  readonly prev: string | null;
  /** What was left out, for people. */
  readonly note: string | null;
  readonly meta: AnswerMeta;
}

export interface OneFlow {
  readonly flow: FlowJson;
  /** The other reports of the connection. */
  readonly reports: readonly FlowJson[];
}

export interface Viewer {
  readonly kind: "api" | "session" | "anybody";
  readonly name: string | null;
  /** The server asks nobody for credentials. */
  readonly insecure: boolean;
  /** Null for an agent. */
  readonly role: Role | null;
  /** Ids of the networks whose flows are seen; null: all. */
  readonly networks: readonly string[] | null;
  /** The user whose flows are seen; null: all. */
  readonly own: string | null;
  /** Null: who came by a link or a token has none. */
  readonly account: { readonly id: string; readonly source: "local" | "oidc" | "proxy"; readonly has_password: boolean } | null;
}

interface LostBatches {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly noticed: string;
}

/** Of the last 24 hours. */
export interface AgentHealth {
  readonly id: string;
  readonly name: string;
  readonly version: string | null;
  readonly last_seen: string;
  readonly silent: boolean;
  /** It records nothing, since it is told so. */
  readonly off_by_settings: boolean;
  readonly lag_ms: number | null;
  readonly spool: { readonly batches: number; readonly bytes: number };
  readonly clock_skew_ms: number | null;
  readonly rows: number;
  /** Within the last minute. */
  readonly rows_per_second: number;
  readonly rejected: number;
  /** What it told last: `conntrack_acct`. */
  readonly gauges: Readonly<Record<string, number>>;
  /** Count by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Addresses by network. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly lost_batches: readonly LostBatches[];
}

/** What `flowtrail up` says about the agent beside its server. */
interface LocalAgent {
  readonly state: "running" | "no_privileges" | "failed" | null;
  readonly message: string | null;
}

export interface StoreHealth {
  readonly up: boolean;
  readonly rollups?: {
    readonly failures: number;
    readonly last_error: string | null;
    /** Hours and days that rows came late for. */
    readonly pending: number;
    readonly behind_ms: number;
    /** That came for days whose deltas had been deleted. */
    readonly late_deltas: number;
  };
  readonly engine?: { readonly state: string; readonly restarts: number; readonly last_error: string | null } | null;
  readonly error: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly waiting_rows: number;
  /** Null while the store is away. */
  readonly retention?: StoreReport | null;
}

/** A place that names come from. */
export interface InventorySource {
  readonly name: string;
  readonly kind: "file" | "netmaker" | "agent";
  /** A path, a URL, a node's name. */
  readonly where: string;
  readonly last_sync: string | null;
  readonly error: string | null;
  readonly next_try: string | null;
  readonly entities: number;
}

export interface InventoryHolder {
  readonly type: string;
  readonly id: string | null;
  readonly name: string | null;
  readonly device: string | null;
  readonly source: string;
  readonly since: string;
}

/** Two holders of one address at the same time. */
export interface InventoryConflict {
  readonly network: string;
  readonly address: string;
  /** Whom rows name. */
  readonly winner: InventoryHolder;
  readonly others: readonly InventoryHolder[];
  readonly why: string;
}

export interface InventoryReport {
  readonly sources: readonly InventorySource[];
  readonly conflicts: { readonly count: number; readonly list: readonly InventoryConflict[] };
  readonly networks: number;
  readonly entities: number;
  /** In force, not yet stored. */
  readonly waiting_changes: number;
  readonly store_error: string | null;
}

export interface SlowQuestion {
  readonly time: string;
  /** What it mainly read. */
  readonly table: string;
  readonly ms: number;
  readonly rows_read: number;
}

/** Of a recipient of alerts, as `GET /api/recipients` tells it, in short. */
export interface RecipientHealth {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly waiting: number;
  readonly parked: number;
  readonly last_sent: string | null;
  readonly last_error: { readonly time: string; readonly message: string } | null;
  /** What was sent last failed. */
  readonly failing: boolean;
}

export interface SinkHealth {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly state: "starting" | "running" | "trouble" | "paused" | "silent";
  readonly lag_ms: number;
  /** Records that retention deleted before they were handed over, at most. */
  readonly lost: number;
  readonly parked: number;
  readonly error: string | null;
  /** What to do. */
  readonly advice: string | null;
}

/** All but `status` is told to those with credentials only. */
export interface Health {
  readonly status: "ok" | "unavailable";
  readonly version?: string;
  readonly started?: string;
  /** Null: the server has no TLS of its own. */
  readonly tls?: { readonly problem: string | null } | null;
  readonly store?: StoreHealth;
  readonly ingest?: {
    readonly rows: number;
    readonly duplicate_rows: number;
    readonly rows_per_second: number;
    /** Of a write to the store, lately. */
    readonly write_rows: number | null;
    readonly write_ms: number | null;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly agents?: readonly AgentHealth[];
  /** Those of the last hour that took longest. */
  readonly slow_questions?: readonly SlowQuestion[];
  readonly local_agent?: LocalAgent | null;
  readonly inventory?: InventoryReport;
  readonly reelections?: { readonly pending: number; readonly last_error: string | null };
  readonly unknown_relays?: readonly { readonly reporter_id: string; readonly reporter: string; readonly rows: number }[];
  /** Null: they could not be asked for. */
  readonly recipients?: readonly RecipientHealth[] | null;
  readonly sinks?: readonly SinkHealth[] | null;
  readonly sample?: boolean;
  readonly insecure?: boolean;
}
