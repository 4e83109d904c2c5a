/** The server, top to bottom: receive → identify → store → query → api. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { FlowBatch } from "@flowtrail/model";
import type { FastifyBaseLogger } from "fastify";
import { buildApp, closeGracefully } from "./api/app.ts";
import type { Api } from "./api/context.ts";
import { noteChanged } from "./audit/current.ts";
import { AuditLog } from "./audit/log.ts";
import { Repeats } from "./audit/repeats.ts";
import { Enrol } from "./auth/enrol.ts";
import { type Gate, makeGate } from "./auth/gate.ts";
import { sayIfAway } from "./auth/oidc/make.ts";
import { PASSWORDS, type PasswordsConfig } from "./auth/password.ts";
import type { ServerConfig } from "./config/schema.ts";
import { keepAdminToken, prepareData, removeServerFile, writeServerFile } from "./data-dir.ts";
import type { ApiDescription } from "./describe.ts";
import type { Erase } from "./erase/erase.ts";
import { makeErase } from "./erase/make.ts";
import { AgentBook } from "./health/agent-book.ts";
import { AgentWatch } from "./health/agent-watch.ts";
import { CoverageLog } from "./health/coverage-log.ts";
import { enrolledBy } from "./health/enrolled.ts";
import { Health } from "./health/health.ts";
import { InventoryHealth } from "./health/inventory-health.ts";
import { Metrics } from "./health/metrics.ts";
import { LINGER_MS, Roster } from "./health/roster.ts";
import { silencesIn } from "./health/silences.ts";
import { UnknownRelays } from "./health/unknown-relays.ts";
import { UpdateInterval } from "./health/update-interval.ts";
import { assertNotExposed, sayWhoGetsIn } from "./http/exposure.ts";
import { Listening } from "./http/listening.ts";
import { InventoryHistory } from "./identify/history/history.ts";
import { Identify } from "./identify/identify.ts";
import { OtherNodes } from "./identify/other-nodes.ts";
import { JobLog } from "./identify/reattribute/job-log.ts";
import { Reattribute } from "./identify/reattribute/reattribute.ts";
import { AgentSources } from "./identify/sources/agents/agents.ts";
import { addConfigured } from "./identify/sources/configured.ts";
import { Sources } from "./identify/sources/sources.ts";
import { NetmakerImport } from "./import/netmaker-import.ts";
import { Live } from "./live/live.ts";
import { Outward } from "./outward.ts";
import { Privacy } from "./privacy/privacy.ts";
import { FlowCounts } from "./query/count.ts";
import { countedSources } from "./query/counted-sources.ts";
import { FlowFacets } from "./query/facets.ts";
import { FlowDetails } from "./query/flow-detail.ts";
import { FlowList } from "./query/flow-list.ts";
import { type CountedSources, WORTH_ASKING_MS } from "./query/flow-list-known.ts";
import { InquiryDesk } from "./query/inquiry-desk.ts";
import { FlowSeen } from "./query/seen.ts";
import { Traffic } from "./query/traffic/traffic.ts";
import { netmakerConfig } from "./receive/netmaker/config.ts";
import { Netmaker } from "./receive/netmaker/netmaker.ts";
import type { Submission } from "./receive/ports.ts";
import { Receive } from "./receive/receive.ts";
import { completeSample } from "./sample/complete.ts";
import { Sample } from "./sample/sample.ts";
import { SeedMarks } from "./seed/seed-marks.ts";
import { rollupsKnow, Seeder } from "./seed/seeder.ts";
import { CaptureSettings } from "./settings/capture-settings.ts";
import { isRecording } from "./settings/capture-state.ts";
import { deskConfig, storeConfig } from "./store/config.ts";
import { Editions } from "./store/editions.ts";
import { InventoryLog } from "./store/inventory-log.ts";
import { Store } from "./store/store.ts";
import { VERSION } from "./version.ts";

const AUDIT = { flushMs: 500, maxWaiting: 10_000 } as const;
/** What is the same for so long is one line of the audit log. */
const REPEATS = { windowMs: 5 * 60_000, max: 2000 } as const;
/** An open flow reads as lost when its reporter was silent for so many update intervals. */
const SILENT_INTERVALS = 3;

export interface ServerDeps {
  readonly logger: FastifyBaseLogger;
  readonly now?: () => number;
  /** For tests: how often it looks what became of agents, and which elections are due. */
  readonly lookAroundMs?: number;
  /** For tests: what a password costs to look at. */
  readonly passwords?: PasswordsConfig;
  /** For tests: how often files of certificates are looked at. */
  readonly certificatePollMs?: number;
}

export class Server {
  readonly #config: ServerConfig;
  readonly #logger: FastifyBaseLogger;
  readonly #now: () => number;
  readonly #store: Store;
  readonly #desk: InquiryDesk;
  readonly #roster: Roster;
  readonly #identify: Identify;
  readonly #agents: AgentWatch;
  readonly #inventoryLog: InventoryLog;
  readonly #history: InventoryHistory;
  readonly #sources: Sources;
  readonly #privacy: Privacy;
  readonly #inventoryHealth: InventoryHealth;
  readonly #declarations: AgentSources;
  readonly #reattribute: Reattribute;
  readonly #live: Live;
  readonly #receive: Receive;
  /** Null: it is off. */
  readonly #netmaker: Netmaker | null;
  readonly #sample: Sample;
  readonly #seeder: Seeder;
  readonly #capture: CaptureSettings;
  readonly #audit: AuditLog;
  readonly #repeats: Repeats;
  readonly #erase: Erase;
  readonly #health: Health;
  readonly #counted: CountedSources;
  readonly #outward: Outward;
  readonly #listening: Listening;
  readonly #gate: Gate;
  #app: Api | null = null;

  constructor(config: ServerConfig, deps: ServerDeps) {
    const { now = Date.now, lookAroundMs } = deps;
    const { logger } = deps;
    this.#config = config;
    this.#logger = logger;
    this.#now = now;
    this.#listening = new Listening(config, { now, logger, certificatePollMs: deps.certificatePollMs });
    this.#store = new Store(storeConfig(config), { logger, now });
    this.#gate = makeGate(config, { store: this.#store, passwords: deps.passwords ?? PASSWORDS, now, logger });
    this.#audit = new AuditLog({ ...AUDIT, server: hostname() }, { store: this.#store.audit, now, logger });
    this.#repeats = new Repeats(REPEATS, { note: (entry) => this.#audit.note(entry), now });
    this.#store.settings.onChange(noteChanged);
    const oldestMs = (nowMs: number) => this.#store.retention.flowsFromMs(nowMs);
    const shared = config.store.url !== undefined;
    this.#inventoryLog = new InventoryLog(this.#store.clickhouse);
    this.#history = new InventoryHistory(
      { shared },
      { store: this.#inventoryLog, kept: (versions) => this.#privacy.versions(versions), now, logger },
    );
    const otherNodes = new OtherNodes(this.#history);
    this.#capture = new CaptureSettings({ ...config.agents, ...config.privacy }, { book: this.#store.settings, logger });
    const updates = new UpdateInterval({ now, setMs: () => this.#capture.state.policy.update_interval_s * 1000 });
    this.#roster = new Roster(
      {
        silentAfterMs: () => updates.ms * SILENT_INTERVALS,
        netmakerSilentAfterMs: config.netmaker.lost_after,
      },
      {
        now,
        oldestMs,
        enrolled: async () => enrolledBy(await this.#store.tokens.list()),
        isOther: (reporterId, node) => otherNodes.isOther(reporterId, node),
      },
    );
    const unknownRelays = new UnknownRelays({ now });
    this.#identify = new Identify({
      inventory: this.#history,
      expected: (node, life) => this.#roster.expects(node, life),
      expectedOfBatch: () => this.#roster.expectations(),
      onUnknownRelay: (reporter) => unknownRelays.note(reporter),
    });
    this.#privacy = new Privacy(
      { keyFile: config.privacy.key_file ?? join(config.data, "privacy.key") },
      { state: () => this.#capture.state, inventory: () => this.#history.current(), now, logger },
    );
    this.#sources = new Sources({ history: this.#history, kept: (told) => this.#privacy.inventory(told), logger, now });
    this.#privacy.onChange(() => {
      this.#history.readAgain();
      this.#sources.tellAgain();
    });
    this.#inventoryHealth = new InventoryHealth({ now, sources: this.#sources, history: this.#history });
    this.#declarations = new AgentSources({ sources: this.#sources, history: this.#history, now });
    this.#reattribute = new Reattribute(
      { shared, pollMs: lookAroundMs },
      {
        now,
        logger,
        log: new JobLog(this.#store.clickhouse),
        editions: new Editions(this.#store.clickhouse, this.#store.nodes),
        identify: this.#identify,
        inventory: this.#history,
        disguiseRows: (batch) => this.#privacy.disguiseRows(batch),
        roster: this.#roster,
        lingerMs: LINGER_MS,
      },
    );
    const book = new AgentBook();
    this.#agents = new AgentWatch(
      { shared, updateMs: () => updates.ms, refreshMs: lookAroundMs },
      {
        now,
        logger,
        clickhouse: this.#store.clickhouse,
        roster: this.#roster,
        book,
        coverages: new CoverageLog(this.#store.clickhouse),
        oldestMs,
        elections: this.#reattribute,
      },
    );
    this.#live = new Live(
      { maxClients: config.live.max_clients, queueRows: config.live.queue_rows, historyRows: config.live.queue_rows },
      { now },
    );
    this.#erase = makeErase(
      { shared, commitIntervalMs: config.ingest.commit_interval_ms },
      {
        store: this.#store,
        privacy: this.#privacy,
        live: this.#live,
        audit: this.#audit,
        forgetAlerts: (isGone) => this.#outward.forget(isGone),
        now,
        logger,
      },
    );
    this.#receive = new Receive(
      { maxBatchBytes: config.ingest.max_batch, maxRows: config.ingest.max_rows, maxWaitingBytes: config.ingest.max_waiting },
      {
        now,
        oldestMs,
        admit: (note, hasMoved) => this.#agents.admit(note, hasMoved),
        identify: this.#identify,
        privacy: this.#privacy,
        declare: (reporter, declaration) => this.#declarations.declare(reporter, declaration),
        submit: (submission) => this.#submit(submission),
        onDelivery: (delivery) => this.#agents.note(delivery),
        onStored: (batch) => this.#live.publish(this.#erase.without(batch)),
      },
    );
    this.#netmaker = this.#makeNetmaker();
    this.#sample = new Sample({
      now,
      random: Math.random,
      logger,
      nodes: this.#store.nodes,
      marker: join(config.data, "sample.on"),
      submit: (rows) => this.#submitSample(rows),
    });
    this.#seeder = new Seeder({
      now,
      logger,
      clickhouse: this.#store.clickhouse,
      marks: new SeedMarks(config.data),
      settle: (fromMs, signal) => rollupsKnow(this.#store.rollups, fromMs, signal),
    });
    this.#desk = new InquiryDesk(deskConfig(config), { clickhouse: this.#store.clickhouse });
    this.#health = new Health({
      version: VERSION,
      insecure: config.insecure_no_auth,
      now,
      logger,
      store: this.#store,
      receive: this.#receive,
      questions: this.#desk,
      heard: this.#roster,
      isOff: (id) => !isRecording(this.#capture.state, id),
      book,
      reelections: this.#reattribute,
      unknownRelays,
      inventory: this.#inventoryHealth,
      netmaker: this.#netmaker,
      audit: this.#audit,
      sampleOn: () => this.#sample.on,
      certificate: () => this.#listening.certificate,
      listeners: () => ({ http: this.pageUrl, ...(this.#netmaker && { netmaker: this.#netmaker.address }) }),
    });
    this.#counted = countedSources(this.#store, now);
    this.#outward = new Outward({
      config,
      store: this.#store,
      roster: this.#roster,
      history: this.#history,
      sources: this.#counted,
      health: () => this.#health,
      audit: this.#audit,
      now,
      logger,
    });
  }

  /** Where a program of this machine reaches it; null while it is not started. */
  get url(): string | null {
    return this.#listening.urls?.url ?? null;
  }

  /** Where people reach it. */
  get pageUrl(): string | null {
    return this.#listening.urls?.page ?? null;
  }

  /**
   * Starts everything. What was started is stopped again if something fails.
   * @throws ServerError, TlsError, EngineError, SchemaError, StoreError
   */
  async start(): Promise<void> {
    const { data } = this.#config;
    assertNotExposed(this.#config, this.#logger);
    await this.#listening.readCertificate();
    await prepareData(data);
    await this.#store.start();
    try {
      await this.#store.audit.begin(hostname());
      this.#repeats.start();
      await this.#erase.start();
      await this.#sample.start();
      this.#privacy.check();
      await this.#startInventory();
      await this.#agents.start();
      this.#reattribute.start();
      await this.#outward.start();
      await keepAdminToken(data, this.#store.tokens);
      this.#app = await this.#buildApp();
      const urls = await this.#listening.start(this.#app);
      await this.#netmaker?.start();
      await writeServerFile(data, urls);
      sayIfAway(this.#gate.oidc, this.#logger);
      sayWhoGetsIn(this.#config, await this.#store.accounts.list(), this.#logger);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#logger.info({ url: this.pageUrl, data, version: VERSION }, "the server is up");
  }

  /** Answers what is under way, writes what waits, and stops. */
  async stop(): Promise<void> {
    const wasUp = this.url !== null;
    this.#listening.stop();
    this.#live.stop();
    await this.#sample.stop();
    await this.#seeder.stop();
    await this.#netmaker?.stop();
    if (this.#app !== null) await closeGracefully(this.#app);
    this.#listening.destroy();
    await this.#outward.stop();
    await this.#erase.stop();
    this.#repeats.stop();
    await this.#audit.stop();
    await this.#agents.stop();
    await this.#reattribute.stop();
    this.#sources.stop();
    await this.#history.stop();
    await this.#store.stop();
    if (wasUp) await removeServerFile(this.#config.data);
  }

  /** The API as an OpenAPI document. Needs no start and starts nothing. */
  async describe(): Promise<ApiDescription> {
    const app = await this.#buildApp();
    try {
      return app.swagger() as unknown as ApiDescription;
    } finally {
      await app.close();
    }
  }

  /** What was known before is in force first, so that a source that is away changes nothing. */
  async #startInventory(): Promise<void> {
    const { inventory, store } = this.#config;
    await this.#history.start();
    const deps = { history: this.#history, logger: this.#logger };
    await addConfigured(this.#sources, { inventory, shared: store.url !== undefined }, deps);
    await this.#sources.start();
  }

  #makeNetmaker(): Netmaker | null {
    const config = netmakerConfig(this.#config);
    if (config === null) return null;
    return new Netmaker(config, {
      now: this.#now,
      logger: this.#logger,
      oldestMs: (nowMs) => this.#store.retention.flowsFromMs(nowMs),
      clickhouse: this.#store.clickhouse,
      admit: (note, hasMoved) => this.#agents.admit(note, hasMoved),
      hasToken: (nodeId) => this.#roster.hasToken(nodeId),
      identify: this.#identify,
      privacy: this.#privacy,
      submit: (submission) => this.#submit(submission),
      onDelivery: (delivery) => this.#agents.note(delivery),
      onStored: (batch) => this.#live.publish(this.#erase.without(batch)),
    });
  }

  #buildApp(): Promise<Api> {
    const now = this.#now;
    const store = this.#store;
    const query = { clickhouse: store.clickhouse, heard: this.#roster, now };
    const sources = this.#counted;
    const known = { sources, leastMs: WORTH_ASKING_MS };
    return buildApp({
      config: this.#config,
      version: VERSION,
      now,
      logger: this.#logger,
      http: this.#listening.servers,
      ...this.#gate,
      audit: this.#audit,
      auditTable: store.audit,
      repeats: this.#repeats,
      tokens: store.tokens,
      tokenUses: store.tokenUses,
      enrolments: store.enrolments,
      enrol: new Enrol({
        tokens: store.tokens,
        enrolments: store.enrolments,
        now,
        random: Math.random,
        nodeId: (name) => this.#identify.node(name).id,
        isHeard: (id) => this.#roster.coverages.has(id),
        onEnrolled: (enrolment) => this.#roster.enrol(enrolment),
      }),
      accounts: store.accounts,
      roster: this.#roster,
      identify: this.#identify,
      history: this.#history,
      inventoryLog: this.#inventoryLog,
      declarations: this.#declarations,
      clickhouse: store.clickhouse,
      receive: this.#receive,
      reattribute: this.#reattribute,
      desk: this.#desk,
      flows: new FlowList({ ...query, known }),
      details: new FlowDetails(query),
      counts: new FlowCounts({ heard: this.#roster, sources, known }),
      facets: new FlowFacets({ heard: this.#roster, sources, known }),
      seen: new FlowSeen({ ...query, sources }),
      trafficSources: sources,
      traffic: new Traffic({
        heard: this.#roster,
        sources,
        known,
      }),
      gapsIn: (range) => silencesIn(this.#roster, range, now()),
      live: this.#live,
      health: this.#health,
      metrics: new Metrics({
        http: this.#listening.servers,
        certificate: () => this.#listening.certificate,
        proxy: this.#gate.proxy,
        receive: this.#receive,
        live: this.#live,
        store,
        agents: () => this.#roster.ids().length,
        admissions: this.#agents,
        inventory: this.#inventoryHealth,
        declarations: this.#declarations,
        questions: this.#desk,
        privacy: this.#privacy,
        audit: this.#audit,
        netmaker: this.#netmaker,
        now,
        logger: this.#logger,
      }),
      retention: store.retention,
      backups: store.backups,
      settings: store.settings,
      capture: this.#capture,
      privacy: this.#privacy,
      erase: this.#erase,
      outward: this.#outward,
      sample: this.#sample,
      seeder: this.#seeder,
      netmakerImport: new NetmakerImport({
        now,
        oldestMs: (nowMs) => store.retention.flowsFromMs(nowMs),
        submit: (submission) => this.#submit(submission),
        admit: (note) => this.#agents.admit(note, false),
        privacy: this.#privacy,
        clickhouse: store.clickhouse,
        identify: this.#identify,
        history: this.#history,
      }),
    });
  }

  /** Without what is of somebody whose records were deleted. */
  #submit(submission: Submission): Promise<void> {
    return this.#store.submit({ ...submission, rows: this.#erase.without(submission.rows) });
  }

  async #submitSample(rows: FlowBatch): Promise<void> {
    if (rows.length === 0) return;
    for (const heard of completeSample(rows, this.#now())) this.#roster.note(heard);
    await this.#store.submit({ rows, deliveries: [], deadLetters: [] });
    this.#live.publish(rows);
  }
}
