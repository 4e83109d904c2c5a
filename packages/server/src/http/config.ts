import { heldBy } from "../address-ranges.ts";
import type { ServerConfig } from "../config/schema.ts";
import type { CertificateConfig } from "../tls/certificate.ts";
import type { HttpConfig } from "./http-servers.ts";

export function httpConfig({ limits, auth }: ServerConfig): HttpConfig {
  return {
    max: limits.connections,
    maxOfAddress: limits.address_connections,
    isProxy: heldBy(auth.proxy.from),
    headerMs: limits.header_time,
    requestMs: Math.max(limits.request_time, limits.header_time),
  };
}

/** Null: no TLS. */
export function certificateConfig({ tls }: ServerConfig): CertificateConfig | null {
  const { cert, key, client_ca: clientCa, client_certs } = tls;
  if (cert === undefined || key === undefined) return null;
  return { settings: "tls", cert, key, clientCa, requireClientCert: client_certs === "everybody" };
}
