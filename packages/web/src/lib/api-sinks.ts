/** The API of sinks. All of them throw ApiError. */
import { call } from "./api.ts";
import type { ParkedRecord, Sink } from "./types-sinks.ts";

const SINKS = "/api/sinks";
const sinkPath = (id: string) => `${SINKS}/${encodeURIComponent(id)}`;

export async function fetchSinks(signal?: AbortSignal): Promise<readonly Sink[]> {
  return (await call<{ sinks: readonly Sink[] }>("GET", SINKS, undefined, signal)).sinks;
}

export function saveSink(id: string, body: object): Promise<unknown> {
  return call("PUT", sinkPath(id), body);
}

export function deleteSink(id: string): Promise<unknown> {
  return call("DELETE", sinkPath(id));
}

export interface SinkTest {
  readonly ok: boolean;
  readonly error: string | null;
  /** What the other side said. */
  readonly said: string;
}

/** One that is not saved; with an id secrets that are kept are used. */
export function testSinkDraft(body: object): Promise<SinkTest> {
  return call("POST", `${SINKS}/test`, body);
}

export function testSink(id: string): Promise<SinkTest> {
  return call("POST", `${sinkPath(id)}/test`, {});
}

/** Hands over what is stored from then on, beside what comes. */
export function startBackfill(id: string, from: string): Promise<unknown> {
  return call("POST", `${sinkPath(id)}/backfill`, { from });
}

export function stopBackfill(id: string, backfill: string): Promise<unknown> {
  return call("DELETE", `${sinkPath(id)}/backfill/${encodeURIComponent(backfill)}`);
}

export async function fetchParked(id: string, signal?: AbortSignal): Promise<readonly ParkedRecord[]> {
  return (await call<{ parked: readonly ParkedRecord[] }>("GET", `${sinkPath(id)}/parked`, undefined, signal)).parked;
}

/** All of them, or those that were refused for this reason. */
export function retryParked(id: string, reason?: string): Promise<unknown> {
  return call("POST", `${sinkPath(id)}/parked/retry`, reason === undefined ? {} : { reason });
}

export function dropParked(id: string, reason?: string): Promise<unknown> {
  return call("POST", `${sinkPath(id)}/parked/drop`, reason === undefined ? {} : { reason });
}

/** It keeps its place, and goes on from there. */
export function pauseSink(id: string, paused: boolean): Promise<unknown> {
  return call("POST", `${sinkPath(id)}/${paused ? "pause" : "resume"}`, {});
}
