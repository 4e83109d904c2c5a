/** Enrolment: the token that a new agent changes for one of its own. Throws ApiError. */
import { call } from "./api.ts";

export interface MadeEnrolToken {
  /** The secret, told this once. */
  readonly token: string;
  /** The server's time. */
  readonly created: string;
}

/** For one agent of this name, within a day. Whoever names a node that there is already means to move it. */
export function makeEnrolToken(node: string): Promise<MadeEnrolToken> {
  return call("POST", "/api/tokens/enrol", { node, replace: true });
}
