/** A manifest: what the reports of one day were when it was made, signed, with the hash of the manifest before. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { StoredManifest } from "../store/manifest-log.ts";

/** Reports that began within one quarter of an hour: its number in the day, how many there are, and their hash. */
export type Slice = readonly [number: number, rows: number, hash: string];

export interface NetworkSums {
  readonly network: string;
  readonly reports: string;
  readonly connections: string;
  readonly bytes: string;
  readonly packets: string;
}

export interface Manifest {
  readonly format: 1;
  readonly seq: number;
  /** UTC, as 2026-11-22. */
  readonly day: string;
  /** `amendment`: the day is another one now, and why is known. */
  readonly kind: "day" | "amendment";
  readonly made: string;
  /** What was received until then is in it: a little before it was made, so that nothing of it was still on its way into the store. */
  readonly until: string;
  /** Hash of the manifest before; empty for the first one. */
  readonly previous: string;
  readonly key: string;
  readonly reasons: readonly string[];
  readonly rows: number;
  readonly hash: string;
  readonly slices: readonly Slice[];
  /** As they were then: which report of a connection counts may change later, and is not part of the hash. */
  readonly networks: readonly NetworkSums[];
}

/** As it is exported, and kept elsewhere. */
export interface SignedManifest {
  readonly manifest: Manifest;
  readonly signature: string;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** What JSON of ours is read from gives the same text again. */
const bodyOf = (manifest: Manifest) => JSON.stringify(manifest);

export const manifestHash = (manifest: Manifest) => sha256(bodyOf(manifest));
export const slicesHash = (slices: readonly Slice[]) => sha256(JSON.stringify(slices));
export const rowsOf = (slices: readonly Slice[]) => slices.reduce((sum, [, rows]) => sum + rows, 0);

export function signed(manifest: Manifest, key: KeyObject): StoredManifest {
  const body = bodyOf(manifest);
  return { seq: manifest.seq, made: manifest.made, body, signature: sign(null, Buffer.from(body), key).toString("base64") };
}

/** What is no manifest at all, somebody else wrote there: nothing of it is right, its signature neither. */
export function toldManifest({ seq, made, body, signature }: StoredManifest): SignedManifest {
  try {
    return { manifest: JSON.parse(body) as Manifest, signature };
  } catch {
    const nothing = { rows: 0, hash: "", slices: [], networks: [], reasons: [], previous: "", key: "", until: made } as const;
    return { manifest: { format: 1, seq, day: made.slice(0, 10), kind: "day", made, ...nothing }, signature };
  }
}

/** @param publicKey PEM; one that is none signed nothing */
export function isSignedBy({ manifest, signature }: SignedManifest, publicKey: string): boolean {
  try {
    return verify(null, Buffer.from(bodyOf(manifest)), createPublicKey(publicKey), Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}
