/** The agent, top to bottom as the data goes: capture → track → spool → ship. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { DecodeError, decodeBatch, FLOW_ID_SEQUENCES, type FlowBatch, formatBytes, formatCidr } from "@flowtrail/model";
import { ConntrackCapture } from "./capture/capture.ts";
import { readTimeouts } from "./capture/timeouts.ts";
import { addressesByNetwork, chooseNetworks, excludeRules, nameModes, networksOff } from "./choose-networks.ts";
import { repeat, systemClock } from "./clock.ts";
import type { AgentConfig } from "./config.ts";
import { Coverage } from "./coverage.ts";
import { DENIED_DEFAULTS, DeniedFlows } from "./denied/denied.ts";
import { DeniedCapture } from "./denied/denied-capture.ts";
import { dropsOf, gaugesOf, type Parts, statusOf, VERSION } from "./facts.ts";
import { HostWatch } from "./host-watch.ts";
import { NameCapture } from "./name/name-capture.ts";
import type { HostInterface } from "./networks-of-host.ts";
import { AgentToken } from "./ship/agent-token.ts";
import { Enroller } from "./ship/enroller.ts";
import { HttpClient } from "./ship/http.ts";
import { type ServerConfig, ServerConfigPoller } from "./ship/server-config.ts";
import { Shipper } from "./ship/ship.ts";
import { SpoolError } from "./spool/errors.ts";
import { Flusher } from "./spool/flush.ts";
import { Spool } from "./spool/spool.ts";
import type { AgentLogger } from "./status/logger.ts";
import { type AgentStatus, StatusReporter } from "./status/status.ts";
import { Throttle } from "./status/throttle.ts";
import { sysctlStatePath } from "./sysctl-state.ts";
import { type NetworkConfig, NetworkTable } from "./track/networks.ts";
import { FlowTracker, TRACKER_DEFAULTS } from "./track/tracker.ts";
import { AddressHolders, pairsOf } from "./wireguard/clients.ts";
import { declarationOf } from "./wireguard/declaration.ts";
import { Declarer } from "./wireguard/declarer.ts";

/** A start does not wait longer for the server's word. */
const FIRST_ANSWER_MS = 3000;
const STOP_MS = 5000;
/** While there is an enrolment token that the server has not been able to change. */
const ENROL_EVERY_MS = 10_000;
const LOG_EVERY_MS = 60_000;
/** What we wrote ourselves: as many rows as a batch may have, and some. */
const MAX_SPOOLED_ROWS = 1_000_000;

export class Agent {
  readonly #config: AgentConfig;
  readonly #log: AgentLogger;
  readonly #parts: Parts;
  readonly #coverage: Coverage;
  readonly #http: HttpClient;
  readonly #enroller: Enroller;
  readonly #serverConfig: ServerConfigPoller;
  readonly #host: HostWatch;
  readonly #declarer = new Declarer();
  readonly #holders = new AddressHolders();
  readonly #status: StatusReporter;
  readonly #throttle = new Throttle(LOG_EVERY_MS, () => performance.now());
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  /** Pausing and going on take time and must not overtake each other. */
  #switching: Promise<void> = Promise.resolve();
  #state: AgentStatus["state"] = "paused";
  #networks: readonly NetworkConfig[] = [];
  /** Of these, and of the server's others. */
  #networksOff: ReadonlySet<string> = new Set();
  #addresses: Readonly<Record<string, readonly string[]>> = {};
  #spoolProblem = "";
  #startedMs = 0;

  /** Throws ShipError if a configured file is of no use. */
  constructor(config: AgentConfig, log: AgentLogger) {
    const { node, server, state, capture: captureConfig } = config;
    const { now } = systemClock;
    const token = new AgentToken({
      node,
      state,
      tokenFile: config.token_file,
      enrolTokenFile: config.enrol_token_file,
      enrolToken: config.enrol_token,
    });
    // A file that is of no use is told at the start.
    if (token.wanted() === null) token.current();
    this.#config = config;
    this.#log = log;
    this.#http = new HttpClient({ server, timeoutMs: config.ship.timeout, ...tlsFilesOf(config) });
    const common = { http: this.#http, token: () => token.current(), clock: systemClock, random: Math.random, log };
    this.#enroller = new Enroller({ node, state }, { token, http: this.#http, log });

    const capture = new ConntrackCapture({
      sysctlStatePath: sysctlStatePath(state),
      tracking: captureConfig.tracking,
      receiveBufferBytes: captureConfig.receive_buffer,
    });
    const names = new NameCapture({ quicPorts: captureConfig.quic_ports });
    const tracker = new FlowTracker(
      { ...TRACKER_DEFAULTS, reporter: node, maxFlows: config.max_flows, timeouts: readTimeouts(), traffic: NO_TRAFFIC },
      {
        refresh: (record) => capture.refresh(record),
        randomSequence: () => randomInt(FLOW_ID_SEQUENCES),
        names: names.names,
        owners: () => ((captureConfig.process ?? this.#serverConfig.current.capture.process) ? names.owners : null),
      },
    );
    const denied = new DeniedFlows(
      { ...DENIED_DEFAULTS, reporter: node },
      {
        placeOf: (key) => tracker.placeOf(key),
        newId: (seenMs, words) => tracker.newId(seenMs, words),
        monotonicMs: () => performance.now(),
      },
    );
    const deniedCapture = new DeniedCapture({ group: captureConfig.denied_group, rules: captureConfig.denied_rules }, denied);
    this.#coverage = new Coverage(tracker);
    const spool = new Spool({
      dir: join(state, "spool"),
      maxBytes: config.spool.max_bytes,
      maxSegmentBytes: config.spool.max_segment_bytes,
    });
    const flusher = new Flusher({
      tracker: {
        collect: (batch, nowMs, maxRows) => {
          tracker.collect(batch, nowMs, maxRows);
          denied.collect(batch, nowMs, maxRows);
        },
        checkpoint: () => tracker.checkpoint(),
      },
      spool,
      coverage: this.#coverage,
      facts: () => ({
        agent_version: VERSION,
        addresses: this.#addresses,
        gauges: gaugesOf(this.#parts, this.#state),
        ...this.#declarer.take(systemClock.now()),
      }),
      drops: () => dropsOf(this.#parts),
    });
    const shipper = new Shipper(
      { node, maxPauseMs: config.ship.max_pause },
      {
        ...common,
        spool,
        tokenPlace: token.place,
        tokenChanged: (from, signal) => token.changed(from, signal),
      },
    );
    this.#parts = { config, capture, tracker, names, denied: deniedCapture, spool, flusher, shipper };

    this.#serverConfig = new ServerConfigPoller(
      { path: join(state, "server-config.json"), everyMs: config.server_config_interval },
      {
        ...common,
        node,
        onChange: (told) => this.#onServerConfig(told),
        onRotate: () => this.#enroller.renew(this.#stopping.signal),
      },
    );
    this.#host = new HostWatch(
      { server, ports: config.wireguard.ports },
      { onChange: () => this.#applyNetworks(), onProblem: (error) => this.#onHostProblem(error) },
    );
    this.#status = new StatusReporter(state, { read: () => this.#readStatus(now()), log });
  }

  /** Throws SpoolError, CaptureError, ShipError: what is missing, where, and what to do. Nothing is left behind then. */
  async start(): Promise<void> {
    const { spool, shipper } = this.#parts;
    this.#startedMs = systemClock.now();
    this.#openSpool();
    try {
      this.#restore();
      await this.#enrol();
      await Promise.all([this.#host.start(), this.#serverConfig.start(FIRST_ANSWER_MS)]);
      this.#applyNetworks();
      if (this.#serverConfig.current.enabled) await this.#capture();
      else this.#log.warn({}, "capture is switched off on the server: nothing is recorded");
    } catch (error) {
      this.#host.stop();
      await this.#serverConfig.stop();
      this.#http.close();
      spool.close();
      throw error;
    }
    shipper.start();
    this.#status.start();
    const { signal } = this.#stopping;
    this.#loops = Promise.all([
      repeat(
        () => this.#flushIntervalMs(),
        signal,
        () => this.#flush(),
      ),
      repeat(
        () => ENROL_EVERY_MS * (0.8 + Math.random() * 0.4),
        signal,
        () => this.#enroller.tryEnrol(signal),
      ),
      repeat(
        () => this.#updateIntervalMs(),
        signal,
        () => this.#dump(),
      ),
    ]);
  }

  /** Flushes, notes the open flows, sends for at most five seconds, and says what stays. The flows go on under their ids at the next start. */
  async stop(): Promise<void> {
    const { spool, shipper } = this.#parts;
    this.#stopping.abort();
    this.#host.stop();
    await Promise.all([this.#loops, this.#switching, this.#serverConfig.stop()]);
    if (this.#state === "running") await this.#stopCapture();
    this.#state = "stopping";
    this.#flush({ force: true });
    await shipper.stop(STOP_MS);
    this.#state = "stopped";
    this.#status.stop();
    const { batches, bytes } = spool.depth;
    if (batches === 0) this.#log.info({}, "stopped: the server has everything");
    else
      this.#log.warn(
        { batches, size: formatBytes(bytes) },
        "stopped: the spool keeps what the server has not taken; it is sent at the next start",
      );
    spool.close();
    this.#http.close();
  }

  /** Tries for a moment: an agent that the server can't be asked about starts none the less. Throws ShipError for one that the server does not take. */
  async #enrol(): Promise<void> {
    const patience = AbortSignal.timeout(FIRST_ANSWER_MS);
    const outcome = await this.#enroller.enrol(patience);
    if (typeof outcome !== "object") return;
    if ("refused" in outcome && outcome.hasNone) throw outcome.refused;
    const why = "refused" in outcome ? outcome.refused.message : outcome.later;
    this.#log.warn({ why }, "this node is not enrolled yet: it is tried again, and batches wait in the spool");
  }

  #openSpool(): void {
    const { epoch, damage, checkpoint, batches, bytes } = this.#parts.spool.open();
    if (damage.length > 0) this.#log.warn({ damage }, "the spool was damaged: what could not be read was skipped");
    if (checkpoint === "damaged") this.#log.error({}, "the checkpoint of the open flows is damaged: they get new ids");
    if (epoch === "replaced") this.#log.error({}, "the spool's cursor is damaged: batches that were sent already are sent again");
    if (batches > 0) this.#log.info({ batches, size: formatBytes(bytes) }, "batches of the last run wait in the spool");
  }

  #restore(): void {
    const { spool, tracker } = this.#parts;
    const { checkpoint, since } = spool.recover();
    const { flows, rows, problem } = tracker.restore(checkpoint, this.#decoded(since));
    if (problem !== null) this.#log.error({ problem }, "the checkpoint of the open flows is of no use: they get new ids");
    if (flows > 0) this.#log.info({ flows, rows }, "open flows of the last run go on, if the kernel still has them");
  }

  *#decoded(spooled: Iterable<Uint8Array>): Generator<FlowBatch> {
    for (const bytes of spooled) {
      try {
        yield decodeBatch(bytes, { maxRows: MAX_SPOOLED_ROWS }).batch;
      } catch (error) {
        // Its checksum is right, so it was written like this. One batch must not keep the agent from starting for ever.
        if (!(error instanceof DecodeError)) throw error;
        this.#log.error({ why: error.message }, "a spooled batch can't be read: flows that began in it get new ids");
      }
    }
  }

  async #capture(): Promise<void> {
    const { capture, tracker, names, denied } = this.#parts;
    // From here on nothing is missed: the kernel keeps events for us from the first moment of `start`.
    this.#coverage.begin(systemClock.now());
    // First, so that the first connections have their names; connections go on without if it may not listen.
    names.start();
    try {
      await capture.start(this.#coverage);
    } catch (error) {
      names.stop();
      throw error;
    }
    denied.start();
    this.#state = "running";
    // Where conntrack is a module it may have been loaded just now.
    tracker.setTimeouts(readTimeouts());
    for (const { name, problem } of capture.findings) {
      if (problem !== null)
        this.#log.warn({ name, problem }, "a switch of the kernel can't be set: see docs for what is missing without it");
    }
    for (const { problem } of [names, denied]) if (problem !== "") this.#log.warn({}, problem);
    this.#log.info(
      {
        node: this.#config.node,
        networks: this.#networks.map(({ id, ranges }) => `${id}=${ranges.map(formatCidr).join(",")}`),
        server: this.#config.server.href,
        flows: tracker.stats.openFlows,
      },
      "capturing",
    );
  }

  #onServerConfig(told: ServerConfig): void {
    this.#applyNetworks();
    this.#switching = this.#switching.then(async () => {
      if (this.#stopping.signal.aborted) return;
      if (!told.enabled && this.#state === "running") await this.#pause();
      else if (told.enabled && this.#state === "paused") await this.#resume();
    });
  }

  async #pause(): Promise<void> {
    await this.#stopCapture();
    // What was covered until now is said before the gap begins.
    this.#flush({ force: true });
    this.#coverage.pause();
    this.#state = "paused";
    this.#log.warn({}, "capture was switched off on the server: nothing is recorded until it is on again");
  }

  /** Whatever can't be put back in the kernel, the rest of the agent goes on to its end. */
  async #stopCapture(): Promise<void> {
    const { capture, names, denied } = this.#parts;
    names.stop();
    denied.drain();
    denied.stop();
    try {
      await capture.stop();
      for (const failed of capture.restored?.failed ?? []) this.#log.warn(failed, "a switch of the kernel can't be put back");
    } catch (error) {
      this.#log.error({ why: String(error) }, "capture did not end cleanly");
    }
  }

  async #resume(): Promise<void> {
    try {
      await this.#capture();
    } catch (error) {
      this.#coverage.pause();
      this.#log.error({ why: String(error) }, "capture can't be switched on again");
    }
  }

  /** Networks, own addresses and traffic rules from all that is known about them now. */
  #applyNetworks(): void {
    const { networks: configured, capture } = this.#config;
    const told = this.#serverConfig.current;
    const { interfaces, tunnelPorts, servers } = this.#host.facts;
    const before = this.#networksText();
    this.#networks = chooseNetworks(configured, told.networks, interfaces);
    this.#addresses = addressesByNetwork(this.#networks, interfaces);
    this.#declare(interfaces);
    const own = interfaces.flatMap((one) => one.addresses.map((address) => address.bytes));
    const { tracker, names, denied } = this.#parts;
    tracker.setNetworks(new NetworkTable(this.#networks, own));
    const { icmp, dns } = told.capture;
    denied.setWanted(capture.denied ?? told.capture.denied);
    const off = networksOff(told.networks);
    this.#networksOff = off;
    const exclude = excludeRules(told);
    tracker.setTraffic({ icmp: capture.icmp ?? icmp, dns: capture.dns ?? dns, tunnelPorts, servers, exclude, networksOff: off });
    const modeOf = nameModes(capture.names, told);
    const pairs = pairsOf(this.#host.wireguard.interfaces);
    if (names.configure({ networks: this.#networks, modeOf, interfaces, exclude, pairs }))
      // What was told of before its network was switched off keeps its name in its last row.
      tracker.renameDomains((network, domain) => (off.has(network) ? domain : names.shown(network, domain)));
    names.names.forgetClients(this.#holders.change(this.#host.wireguard));
    tracker.setTimeouts(readTimeouts());
    if (this.#networks.length === 0) this.#log.warn({}, NO_NETWORKS);
    else if (this.#state === "running" && this.#networksText() !== before) {
      const off = this.#networksOff.size === 0 ? {} : { off: [...this.#networksOff] };
      this.#log.info(
        { networks: this.#networks.map(({ id, ranges }) => `${id}=${ranges.map(formatCidr).join(",")}`), ...off },
        "networks changed",
      );
    }
  }

  #networksText(): string {
    return JSON.stringify([this.#networks, [...this.#networksOff]]);
  }

  #onHostProblem(error: unknown): void {
    this.#throttle.once("host", () =>
      this.#log.warn({ err: error }, "the host's addresses could not be read, it is tried again"),
    );
  }

  #declare(interfaces: readonly HostInterface[]): void {
    const { interfaces: wireguard, problem } = this.#host.wireguard;
    const { declaration, cut } = declarationOf(this.#networks, interfaces, wireguard);
    this.#declarer.set(declaration);
    if (problem !== null) this.#throttle.once("wireguard", () => this.#log.info({}, problem));
    if (cut > 0)
      this.#throttle.once("peers", () => this.#log.warn({ cut }, "there are more WireGuard peers than the server is told of"));
  }

  #flush(options: { force?: boolean } = {}): void {
    const { flusher, shipper, names, denied } = this.#parts;
    const now = systemClock.now();
    names.drain(now);
    denied.drain();
    try {
      if (flusher.flush(now, options) > 0) shipper.notify();
      flusher.checkpoint(now, options);
      if (this.#spoolProblem !== "") this.#log.info({}, "the spool can be written again");
      this.#spoolProblem = "";
      this.#throttle.forget("spool");
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      this.#spoolProblem = error.message;
      this.#throttle.once("spool", () => this.#log.error({ code: error.code }, `${error.message}. Flows wait in memory`));
    }
  }

  async #dump(): Promise<void> {
    if (this.#state !== "running") return;
    try {
      await this.#parts.capture.dump();
      this.#throttle.forget("dump");
    } catch (error) {
      this.#throttle.once("dump", () =>
        this.#log.error({ why: String(error) }, "the kernel's connections can't be listed: counters of open flows stand still"),
      );
    }
  }

  #flushIntervalMs(): number {
    return this.#config.flush_interval_ms ?? this.#serverConfig.current.flush_interval_ms;
  }

  #updateIntervalMs(): number {
    return (this.#config.update_interval_s ?? this.#serverConfig.current.update_interval_s) * 1000;
  }

  #readStatus(nowMs: number): AgentStatus {
    const { shipper, capture, names, denied } = this.#parts;
    const problems = [
      this.#spoolProblem,
      shipper.lastError,
      this.#http.problem,
      this.#networks.length === 0 ? NO_NETWORKS : "",
      this.#state === "paused" ? "capture is switched off on the server" : "",
      names.problem,
      denied.problem,
      ...capture.findings.map(({ name, problem }) => (problem === null ? "" : `${name}: ${problem}`)),
    ].filter((problem) => problem !== "");
    const { startedMs, state, networks, addresses } = {
      startedMs: this.#startedMs,
      state: this.#state,
      networks: this.#networks,
      addresses: this.#addresses,
    };
    return statusOf(this.#parts, { startedMs, nowMs, state, networks, addresses, problems });
  }
}

const tlsFilesOf = ({ ca_file, cert_file, key_file }: AgentConfig) => ({
  caFile: ca_file,
  certFile: cert_file,
  keyFile: key_file,
});

const NO_NETWORKS =
  "this host has no address of any network: nothing can be recorded until it gets one (or name networks with --network)";
const NO_TRAFFIC = { icmp: true, dns: true, tunnelPorts: [], servers: [] };
