/** What the routes need of the rest of the server. */
import type { TimeRange } from "@flowtrail/model";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { AuditLog } from "../audit/log.ts";
import type { Repeats } from "../audit/repeats.ts";
import type { Auth } from "../auth/auth.ts";
import type { Enrol } from "../auth/enrol.ts";
import type { Failures } from "../auth/failures.ts";
import type { Oidc } from "../auth/oidc/oidc.ts";
import type { PasswordSignIn } from "../auth/password-sign-in.ts";
import type { ProxyPeople } from "../auth/proxy-people.ts";
import type { Rotate } from "../auth/rotate.ts";
import type { WhoAsks } from "../auth/who-asks.ts";
import type { ServerConfig } from "../config/schema.ts";
import type { Erase } from "../erase/erase.ts";
import type { Health } from "../health/health.ts";
import type { Metrics } from "../health/metrics.ts";
import type { Roster } from "../health/roster.ts";
import type { HttpServers } from "../http/http-servers.ts";
import type { InventoryHistory } from "../identify/history/history.ts";
import type { Identify } from "../identify/identify.ts";
import type { Reattribute } from "../identify/reattribute/reattribute.ts";
import type { AgentSources } from "../identify/sources/agents/agents.ts";
import type { NetmakerImport } from "../import/netmaker-import.ts";
import type { Live } from "../live/live.ts";
import type { Outward } from "../outward.ts";
import type { Privacy } from "../privacy/privacy.ts";
import type { FlowCounts } from "../query/count.ts";
import type { FlowFacets } from "../query/facets.ts";
import type { FlowDetails } from "../query/flow-detail.ts";
import type { FlowList } from "../query/flow-list.ts";
import type { Gap } from "../query/gaps.ts";
import type { InquiryDesk } from "../query/inquiry-desk.ts";
import type { FlowSeen } from "../query/seen.ts";
import type { TrafficSources } from "../query/traffic/plan.ts";
import type { Traffic } from "../query/traffic/traffic.ts";
import type { Receive } from "../receive/receive.ts";
import type { Sample } from "../sample/sample.ts";
import type { Seeder } from "../seed/seeder.ts";
import type { CaptureSettings } from "../settings/capture-settings.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { InventoryLog } from "../store/inventory-log.ts";
import type { Retention } from "../store/retention/retention.ts";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { Store } from "../store/store.ts";

export interface ApiContext {
  readonly config: ServerConfig;
  readonly version: string;
  readonly now: () => number;
  readonly logger: FastifyBaseLogger;
  readonly http: HttpServers;
  readonly auth: Auth;
  /** For what is no request: requests are noted by themselves (`audit-hook.ts`). */
  readonly audit: AuditLog;
  readonly auditTable: Store["audit"];
  readonly repeats: Repeats;
  readonly whoAsks: WhoAsks;
  /** Null: people sign in without a provider. */
  readonly oidc: Oidc | null;
  readonly proxy: ProxyPeople;
  readonly failures: Failures;
  readonly tokens: Store["tokens"];
  readonly tokenUses: Store["tokenUses"];
  readonly enrolments: Store["enrolments"];
  readonly enrol: Enrol;
  readonly rotate: Rotate;
  readonly accounts: Store["accounts"];
  readonly passwordSignIn: PasswordSignIn;
  readonly roster: Roster;
  readonly identify: Identify;
  readonly history: InventoryHistory;
  readonly inventoryLog: InventoryLog;
  readonly declarations: AgentSources;
  readonly clickhouse: ClickHouse;
  readonly reattribute: Reattribute;
  readonly receive: Receive;
  readonly desk: InquiryDesk;
  readonly flows: FlowList;
  readonly details: FlowDetails;
  readonly counts: FlowCounts;
  readonly facets: FlowFacets;
  readonly seen: FlowSeen;
  readonly traffic: Traffic;
  readonly trafficSources: TrafficSources;
  /** When reporters did not report what they should have seen. */
  readonly gapsIn: (range: TimeRange) => Gap[];
  readonly live: Live;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly retention: Retention;
  readonly backups: Store["backups"];
  readonly settings: SettingsBook;
  readonly capture: CaptureSettings;
  readonly privacy: Privacy;
  readonly erase: Erase;
  readonly outward: Outward;
  readonly sample: Sample;
  readonly seeder: Seeder;
  readonly netmakerImport: NetmakerImport;
}

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
