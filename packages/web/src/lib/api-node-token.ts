/** Credentials. */
import { call } from "./api.ts";

export interface MadeToken {
  /** The server's time. */
  readonly created: string;
  /** The secret, told this once. */
  readonly token: string;
}

/** For a node's agent: it can report as this node and as no other. Throws ApiError. */
export function makeAgentToken(node: string): Promise<MadeToken> {
  return call("POST", "/api/tokens", { kind: "agent", node });
}
