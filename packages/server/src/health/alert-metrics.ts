/** What `/metrics` tells of alerts and of who is told of them. Labels are words of our own. */

import { ALERT_SEVERITIES, type AlertCount } from "@flowtrail/model";
import { Counter, Gauge, Registry } from "prom-client";
import type { EngineStats } from "../alerts/engine.ts";

export interface AlertMetricsDeps {
  readonly alerts: { readonly stats: EngineStats; readonly list: { count(): Promise<AlertCount> } };
  readonly recipients: { report(): Promise<readonly { readonly waiting: number; readonly parked: number }[]> };
}

export class AlertMetrics {
  readonly #registry = new Registry();
  readonly #deps: AlertMetricsDeps;
  readonly #tellers: readonly (() => Promise<void>)[];

  constructor(deps: AlertMetricsDeps) {
    this.#deps = deps;
    this.#tellers = [this.#alerts(), this.#recipients()];
  }

  /** @throws StoreError */
  async text(): Promise<string> {
    await Promise.all(this.#tellers.map((tell) => tell()));
    return this.#registry.metrics();
  }

  #alerts(): () => Promise<void> {
    const rules = this.#gauge(
      "flowtrail_alert_rules",
      "Rules that are on, cannot be looked at, or were stopped as they cost too much",
      "state",
    );
    const lag = this.#gauge(
      "flowtrail_alert_lag_seconds",
      "How late the rule is that waits longest; 0 where another server looks",
    );
    const looks = this.#counter("flowtrail_alert_looks_total", "Times that this server looked at a rule");
    const read = this.#counter("flowtrail_alert_rows_read_total", "Rows that it read for it");
    const alerts = this.#gauge("flowtrail_alerts", "Alerts that are not over, by state", "state");
    const open = this.#gauge("flowtrail_alerts_open", "Open alerts by severity", "severity");
    return async () => {
      const { stats, list } = this.#deps.alerts;
      for (const state of ["on", "failing", "stopped"] as const) rules.set({ state }, stats[state]);
      lag.set(stats.lagMs / 1000);
      set(looks, stats.looks);
      set(read, stats.rowsRead);
      const count = await list.count();
      for (const state of ["open", "acknowledged", "silenced"] as const) alerts.set({ state }, count[state]);
      for (const severity of ALERT_SEVERITIES) open.set({ severity }, count.by_severity[severity]);
    };
  }

  #recipients(): () => Promise<void> {
    const waiting = this.#gauge("flowtrail_notices_waiting", "What recipients are still to be told");
    const parked = this.#gauge("flowtrail_notices_parked", "What recipients could not be told");
    return async () => {
      const reports = await this.#deps.recipients.report();
      waiting.set(reports.reduce((sum, report) => sum + report.waiting, 0));
      parked.set(reports.reduce((sum, report) => sum + report.parked, 0));
    };
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }
}

/** A counter whose value somebody else keeps. */
function set(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
