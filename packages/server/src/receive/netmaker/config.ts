import type { ServerConfig } from "../../config/schema.ts";
import type { NetmakerConfig } from "./netmaker.ts";

/** Null: the door is off. */
export function netmakerConfig({ netmaker, store }: ServerConfig): NetmakerConfig | null {
  const { listen, host_rate, max_streams, max_envelope, hold, ...rest } = netmaker;
  if (listen === undefined) return null;
  const limits = { hostRate: host_rate, holdMs: hold, maxStreams: max_streams, maxEnvelopeBytes: max_envelope };
  return { ...rest, ...limits, listen, shared: store.url !== undefined };
}
