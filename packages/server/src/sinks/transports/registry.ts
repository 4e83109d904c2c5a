/** All kinds of transport, by name. */

import type { TransportKind } from "../ports.ts";
import type { TransportConfig } from "../sink-config.ts";
import { DATADOG } from "./datadog.ts";
import { ELASTIC } from "./elastic.ts";
import { FILE } from "./file.ts";
import { HTTP } from "./http.ts";
import { OTLP_HTTP } from "./otlp.ts";
import { S3 } from "./s3.ts";
import { SPLUNK } from "./splunk.ts";
import { SYSLOG } from "./syslog.ts";

type Kinds = { readonly [K in TransportConfig["kind"]]?: TransportKind<Extract<TransportConfig, { kind: K }>> };

/** The one table. */
const KINDS: Kinds = {
  http: HTTP,
  splunk: SPLUNK,
  elastic: ELASTIC,
  datadog: DATADOG,
  otlp: OTLP_HTTP,
  syslog: SYSLOG,
  file: FILE,
  s3: S3,
};

/** A kind as it is used where the configuration's own kind is known to be its. */
export function transportKind(kind: TransportConfig["kind"]): TransportKind<TransportConfig> | null {
  return (KINDS[kind] as TransportKind<TransportConfig> | undefined) ?? null;
}
