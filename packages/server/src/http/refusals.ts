/** What was sent away before it became a request, by reason. Requests that are refused are counted by their code (`/metrics`). */
export const REFUSED_CONNECTIONS = [
  "connections",
  "connections_of_address",
  "slow_request",
  "large_header",
  "no_http",
  "no_tls",
] as const;
export type RefusedConnection = (typeof REFUSED_CONNECTIONS)[number];

export class Refusals {
  readonly #counts = new Map<RefusedConnection, number>();

  count(reason: RefusedConnection): void {
    this.#counts.set(reason, this.of(reason) + 1);
  }

  of(reason: RefusedConnection): number {
    return this.#counts.get(reason) ?? 0;
  }
}
