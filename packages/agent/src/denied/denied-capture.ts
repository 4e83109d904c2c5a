/** Who listens for what firewalls drop: log rules' packets, and, if told to, traces by rules of the agent's own. */
import { NflogSource } from "../capture/nflog/source.ts";
import { TraceSource } from "../capture/nftrace/source.ts";
import type { DeniedFlows } from "./denied.ts";

export interface DeniedCaptureConfig {
  /** nflog group that log rules send to. */
  readonly group: number;
  /** Does the agent add rules of its own? */
  readonly rules: "auto" | "off";
}

export class DeniedCapture {
  readonly #config: DeniedCaptureConfig;
  readonly #flows: DeniedFlows;
  readonly #logs: NflogSource;
  readonly #traces: TraceSource;
  #wanted = false;
  #running = false;

  constructor(config: DeniedCaptureConfig, flows: DeniedFlows) {
    this.#config = config;
    this.#flows = flows;
    this.#logs = new NflogSource(config.group, flows);
    this.#traces = new TraceSource(flows);
  }

  /** Why drops are missing, and what to do about it; empty if none are. */
  get problem(): string {
    const problems = [this.#logs.problem, this.#traces.problem].filter((problem) => problem !== "");
    return problems.length === 0 ? "" : `denied attempts are missing: ${problems.join("; ")}`;
  }

  get facts() {
    const { packets, lost, malformed } = this.#logs.stats;
    const { messages, drops, lost: tracesLost, untraced } = this.#traces.stats;
    const { rows, tuples, packets: told } = this.#flows.stats;
    return {
      listening: this.#logs.listening,
      group: this.#config.group,
      rules: this.#config.rules,
      problem: this.problem,
      gauges: {
        deaf: this.problem === "" ? 0 : 1,
        logged: packets,
        traced: drops,
        trace_messages: messages,
        packets: told,
        rows,
        tuples,
      },
      drops: { ...this.#flows.stats.drops, overrun: lost, log_malformed: malformed, trace_overrun: tracesLost, untraced },
    };
  }

  /** Switched on or off on the server, or here. */
  setWanted(wanted: boolean): void {
    this.#wanted = wanted;
    this.#apply();
  }

  start(): void {
    this.#running = true;
    this.#apply();
  }

  /** Takes what waits in the kernel. */
  drain(): void {
    this.#logs.drain();
    this.#traces.drain();
  }

  stop(): void {
    this.#running = false;
    this.#apply();
  }

  #apply(): void {
    if (this.#wanted && this.#running) {
      this.#logs.start();
      if (this.#config.rules === "auto") this.#traces.start();
      return;
    }
    this.#logs.stop();
    this.#traces.stop();
    // Nothing more is added to what was seen.
    this.#flows.end();
  }
}
