/** The listeners' part of `/metrics`: connections, what is sent away, and the certificate. */
import type { FastifyInstance } from "fastify";
import { Counter, Gauge, type Registry } from "prom-client";
import type { HttpServers } from "../http/http-servers.ts";
import { REFUSED_CONNECTIONS } from "../http/refusals.ts";
import type { CertificateReport } from "../tls/certificate.ts";

export interface HttpMetricsDeps {
  readonly http: HttpServers;
  readonly certificate: () => CertificateReport | null;
  readonly proxy: { readonly refused: number };
}

/** Codes are ours, and few. */
const CODE = /^[A-Z_]{3,40}$/;

/** @returns counts the requests of an app that are refused or fail */
export function httpMetrics({ http, certificate, proxy }: HttpMetricsDeps, registry: Registry): (app: FastifyInstance) => void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number | null) => {
    const made: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => {
        const now = value();
        // Set to nothing it would be 0, which is a time, too.
        if (now === null) made.remove();
        else made.set(now);
      },
    });
  };
  gauge("flowtrail_http_connections", "Connections that are open", () => http.connections);
  const connections: Counter = new Counter({
    name: "flowtrail_http_refused_connections_total",
    help: "Connections that were ended before they became a request, by reason",
    labelNames: ["reason"],
    registers,
    collect: () => {
      connections.reset();
      for (const reason of REFUSED_CONNECTIONS) connections.inc({ reason }, http.refusals.of(reason));
    },
  });
  const foreign: Counter = new Counter({
    name: "flowtrail_proxy_header_refused_total",
    help: "Requests that say who signed in (auth.proxy.user_header) from addresses that are none of auth.proxy.from",
    registers,
    collect: () => {
      foreign.reset();
      foreign.inc(proxy.refused);
    },
  });
  gauge("flowtrail_tls_certificate_expires_seconds", "End of the certificate, as a time since 1970; absent: no TLS", () => {
    const report = certificate();
    return report && Date.parse(report.expires) / 1000;
  });
  gauge("flowtrail_tls_problem", "1 if the certificate in the files is not in force, or ends soon; absent: no TLS", () => {
    const report = certificate();
    return report && (report.problem === null ? 0 : 1);
  });
  const refused = new Counter({
    name: "flowtrail_http_refused_total",
    help: "Requests that were refused or failed, by the code of their answer",
    labelNames: ["code"],
    registers,
  });
  return (app) =>
    app.addHook("onError", async (_request, _reply, error) => {
      const code = "validation" in error ? "BAD_REQUEST" : error.code;
      refused.inc({ code: CODE.test(code ?? "") ? code : "INTERNAL" });
    });
}
