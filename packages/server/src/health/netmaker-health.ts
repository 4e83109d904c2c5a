/** The door for Netmaker's agents: its part of the health page and of `/metrics`. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { NetmakerReport } from "../receive/netmaker/netmaker.ts";

export interface NetmakerHealth {
  readonly address: string | null;
  readonly tls: boolean;
  readonly warning: string | null;
  readonly certificate_problem: string | null;
  readonly streams: number;
  readonly envelopes: number;
  readonly events: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly refused_envelopes: number;
  readonly held_envelopes: number;
  readonly slowed_envelopes: number;
  readonly not_allowed: number;
  readonly dialects: Readonly<Record<string, number>>;
  readonly forward: { readonly forwarded: number; readonly dropped: number; readonly last_error: string | null } | null;
}

export function netmakerHealth(report: NetmakerReport): NetmakerHealth {
  const { address, tls, warning, streams, envelopes, events, rejected, refused, held, slowed, notAllowed, dialects, forward } =
    report;
  const certificate_problem = report.certificateProblem;
  const counts = { refused_envelopes: refused, held_envelopes: held, slowed_envelopes: slowed, not_allowed: notAllowed };
  const passedOn = forward && { forwarded: forward.forwarded, dropped: forward.dropped, last_error: forward.lastError };
  const told = { rejected: { ...rejected }, dialects: { ...dialects }, forward: passedOn };
  return { address, tls, warning, certificate_problem, streams, envelopes, events, ...counts, ...told };
}

type Name = { [K in keyof NetmakerReport]: NetmakerReport[K] extends number ? K : never }[keyof NetmakerReport];

const TOTALS: readonly (readonly [name: string, help: string, of: Name])[] = [
  ["envelopes", "Envelopes of Netmaker's agents", "envelopes"],
  ["events", "Events of Netmaker's agents that were stored", "events"],
  ["refused_envelopes", "Envelopes that were answered with a failure: the store could not take them", "refused"],
  ["held_envelopes", "Envelopes whose answer was held back while the store could not take them", "held"],
  ["slowed_envelopes", "Envelopes of hosts that send more than netmaker.host_rate", "slowed"],
  ["lookups", "Ends of flows of which the store was asked for the beginning", "lookups"],
  ["not_allowed", "Requests from addresses that netmaker.allow does not hold", "notAllowed"],
  ["too_many_streams", "Streams beyond netmaker.max_streams", "tooMany"],
  ["half_open_connections", "Connections that were ended since nobody answered at their other end", "halfOpen"],
];
const GAUGES: readonly (readonly [name: string, help: string, of: Name])[] = [
  ["streams", "Netmaker's agents that are connected", "streams"],
  ["connections", "Connections of Netmaker's agents or of proxies in front of them", "connections"],
  ["remembered_flows", "Flows whose start is remembered", "rememberedFlows"],
];

export function netmakerMetrics(netmaker: { readonly report: NetmakerReport }, registry: Registry): void {
  const registers = [registry];
  for (const [name, help, of] of TOTALS) {
    const counter: Counter = new Counter({
      name: `flowtrail_netmaker_${name}_total`,
      help,
      registers,
      collect: () => {
        counter.reset();
        counter.inc(netmaker.report[of]);
      },
    });
  }
  for (const [name, help, of] of GAUGES) {
    const gauge: Gauge = new Gauge({
      name: `flowtrail_netmaker_${name}`,
      help,
      registers,
      collect: () => gauge.set(netmaker.report[of]),
    });
  }
  labelled(registry, "forward_events", "Events that were passed on to netmaker.forward, or not", "result", () => {
    const { forward } = netmaker.report;
    return forward === null ? {} : { forwarded: forward.forwarded, dropped: forward.dropped };
  });
  labelled(registry, "rejected_events", "Events that were refused, by code", "code", () => netmaker.report.rejected);
  labelled(
    registry,
    "dialect_events",
    "Events by the version of Netmaker whose numbering they have",
    "dialect",
    () => netmaker.report.dialects,
  );
}

function labelled(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  counts: () => Readonly<Record<string, number>>,
): void {
  const counter: Counter = new Counter({
    name: `flowtrail_netmaker_${name}_total`,
    help,
    labelNames: [label],
    registers: [registry],
    collect: () => {
      counter.reset();
      for (const [value, count] of Object.entries(counts())) counter.inc({ [label]: value }, count);
    },
  });
}
