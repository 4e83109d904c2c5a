/** All kinds of transport, by name. */

import type { TransportKind } from "../ports.ts";
import type { TransportConfig } from "../sink-config.ts";

type Kinds = { readonly [K in TransportConfig["kind"]]?: TransportKind<Extract<TransportConfig, { kind: K }>> };

/** FORMATS adds `otlp`, `syslog`, `file` and `s3`. */
const KINDS: Kinds = {};

/** A kind as it is used where the configuration's own kind is known to be its. */
export function transportKind(kind: TransportConfig["kind"]): TransportKind<TransportConfig> | null {
  return (KINDS[kind] as TransportKind<TransportConfig> | undefined) ?? null;
}
