/**
 * The way to the embedded engine of a server of this process. A server keeps it to itself; the other schema's table must be asked in
 * the same engine, on the same data, in the same minute.
 */
import type { Endpoint } from "../../../packages/server/src/store/endpoint.ts";
import { EmbeddedEngine } from "../../../packages/server/src/store/engine/engine.ts";

let latest: EmbeddedEngine | null = null;
const { start } = EmbeddedEngine.prototype;
EmbeddedEngine.prototype.start = function (this: EmbeddedEngine) {
  latest = this;
  return start.call(this);
};

/** Of the engine that was started last. */
export async function engineEndpoint(): Promise<Endpoint> {
  const endpoint = await latest?.endpoint(10_000);
  if (!endpoint) throw new Error("no engine runs in this process");
  return endpoint;
}

export function enginePid(): number | null {
  return latest?.status.pid ?? null;
}
