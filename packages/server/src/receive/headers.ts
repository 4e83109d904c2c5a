/** What a sender says about itself and its upload, in headers and in the batch's metadata. It is believed only as far as it is well formed. */
import type { IncomingHttpHeaders } from "node:http";
import { type AgentDeclaration, HEADER_BATCH, HEADER_CLOCK, HEADER_NODE, HEADER_SPOOL, MAX_TEXT } from "@flowtrail/model";
import { z } from "zod";
import { ReceiveError } from "./errors.ts";

export interface BatchId {
  readonly text: string;
  readonly epoch: string;
  readonly sequence: number;
  /** Of a batch that was cut because it was too large: `1`, `2`, `1.2`; empty for a whole one. */
  readonly part: string;
}

export interface UploadHeaders {
  readonly batchId: BatchId | null;
  /** The sender's clock, ms since 1970. */
  readonly clockMs: number | null;
  readonly spool: { readonly batches: number; readonly bytes: number } | null;
  readonly node: string | null;
}

/** @throws ReceiveError BAD_HEADER */
export function readHeaders(headers: IncomingHttpHeaders): UploadHeaders {
  return {
    batchId: read(headers, HEADER_BATCH, "<epoch>-<sequence>", parseBatchId),
    clockMs: read(headers, HEADER_CLOCK, "milliseconds since 1970", (text) => (/^\d{12,14}$/.test(text) ? Number(text) : null)),
    spool: read(headers, HEADER_SPOOL, "<batches>;<bytes>", parseSpool),
    node: read(headers, HEADER_NODE, "a name", (text) => (/^[\w.:@-]{1,128}$/.test(text) ? text : null)),
  };
}

function read<T>(headers: IncomingHttpHeaders, header: string, form: string, parse: (text: string) => T | null): T | null {
  const text = headers[header];
  if (text === undefined) return null;
  const value = typeof text === "string" ? parse(text.trim()) : null;
  if (value === null) throw new ReceiveError({ code: "BAD_HEADER", header }, `header ${header}: expected ${form}`);
  return value;
}

/** `<epoch>-<sequence>`, or `<epoch>-<sequence>.1` and `.2` for the halves of one. */
export function parseBatchId(text: string): BatchId | null {
  const match = /^([\w-]{1,64})-(\d{1,15})((?:\.[12]){0,16})$/.exec(text);
  if (match === null) return null;
  return { text, epoch: match[1] ?? "", sequence: Number(match[2]), part: match[3]?.slice(1) ?? "" };
}

function parseSpool(text: string): { batches: number; bytes: number } | null {
  const match = /^(\d{1,15});(\d{1,15})$/.exec(text);
  return match && { batches: Number(match[1]), bytes: Number(match[2]) };
}

/** Of one interface. Agents say no more (peers.ts of the agent). */
const MAX_PEERS = 4096;

const name = z.string().min(1).max(128);
const counts = z.record(name, z.number().nonnegative()).refine((record) => Object.keys(record).length <= 100);
/** The last one that a Date can be. */
const time = z.number().nonnegative().max(8.64e15).transform(Math.floor);
const metadataSchema = z.object({
  agent_version: z.string().max(64),
  covered_from: time,
  covered_to: time,
  addresses: z
    .record(name, z.array(z.string().max(45)).max(1000))
    .refine((record) => Object.keys(record).length <= 100)
    .default({}),
  drops: counts.default({}),
  gauges: counts.default({}),
});

const key = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const range = z.string().max(49);
const declarationSchema = z.object({
  ranges: z.record(name, z.array(range).max(1000)).refine((record) => Object.keys(record).length <= 100),
  wireguard: z
    .array(
      z.object({
        network: name,
        name,
        public_key: key,
        peers: z.array(z.object({ public_key: key, allowed_ips: z.array(range).max(1000) })).max(MAX_PEERS),
      }),
    )
    .max(64),
});
export type UploadMetadata = z.infer<typeof metadataSchema> & { readonly declares: AgentDeclaration | undefined };

/** The batch's metadata, or null if there is none or it is malformed: its rows count all the same. */
export function readMetadata(value: unknown): UploadMetadata | null {
  const { declares, ...rest } = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const result = metadataSchema.safeParse(rest);
  if (!result.success || JSON.stringify(rest).length > 64 * MAX_TEXT) return null;
  // It may be long; the decoder has bounded the whole. If it is of no use, the rest is none the less.
  return { ...result.data, declares: declarationSchema.safeParse(declares).data };
}

/** What of it counts of a sender that may speak for these networks only; null: for all. */
export function narrowed(metadata: UploadMetadata, networks: readonly string[] | null): UploadMetadata {
  if (networks === null) return metadata;
  const { addresses, declares } = metadata;
  const own = (byNetwork: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(Object.entries(byNetwork).flatMap(([id, texts]) => (networks.includes(id) ? [[id, [...texts]]] : [])));
  return {
    ...metadata,
    addresses: own(addresses),
    declares: declares && {
      ranges: own(declares.ranges),
      wireguard: declares.wireguard.filter(({ network }) => networks.includes(network)),
    },
  };
}
