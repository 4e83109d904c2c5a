/** How ClickHouse is reached right now. It changes when the embedded engine is started again (another port). */
export interface Endpoint {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EndpointSource {
  /**
   * Resolves with the endpoint, or with null when it is not there within `timeoutMs`.
   * The same object means the same endpoint.
   */
  endpoint(timeoutMs: number): Promise<Endpoint | null>;
}

/** A server or cluster of the operator's. */
export function remoteEndpoint(url: string, username: string, password: string): EndpointSource {
  const endpoint: Endpoint = { url, username, password, headers: {} };
  return { endpoint: () => Promise.resolve(endpoint) };
}
