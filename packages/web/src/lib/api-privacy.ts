import { call } from "./api.ts";

/** Whose pseudonym it is. The reason is kept in the audit log. @throws ApiError */
export function reveal(pseudonym: string, reason: string): Promise<{ readonly name: string }> {
  return call("POST", "/api/privacy/reveal", { pseudonym, reason });
}
