/** An upload → rows that are checked, named and durably stored, and an answer that says what became of each. */
import type { IncomingHttpHeaders } from "node:http";
import { ARROW_CONTENT_TYPE, type FlowBatch, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { Declaration } from "../identify/sources/agents/declared.ts";
import { readArrow } from "./arrow.ts";
import { decompress } from "./body.ts";
import { checkRows, type RowRules } from "./check.ts";
import { ReceiveError } from "./errors.ts";
import { narrowed, readHeaders, readMetadata, type UploadHeaders, type UploadMetadata } from "./headers.ts";
import { readNdjson } from "./ndjson.ts";
import type { Delivery, ReceiveDeps, Reporter } from "./ports.ts";
import { RecentBatches } from "./recent-batches.ts";
import { type ReadRows, type RejectedRow, withoutContent } from "./rows.ts";
import { type Place, UnderWay } from "./under-way.ts";

export interface ReceiveConfig {
  /** After decompression. */
  readonly maxBatchBytes: number;
  readonly maxRows: number;
  /** Of all uploads that are in memory at once. */
  readonly maxWaitingBytes: number;
}

export interface Upload {
  readonly contentType: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Whom the credentials name: the node, and what it was called when they were made. Null: nobody was asked. */
export type Sender = {
  readonly node: string;
  readonly name: string;
  /** Which networks it may report; null: all. */
  readonly networks: readonly string[] | null;
} | null;

export interface ReceiveAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

export interface ReceiveStats {
  readonly batches: number;
  readonly rows: number;
  readonly duplicateRows: number;
  readonly bytes: number;
  /** By code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** In memory at the moment, and those that were sent away. */
  readonly underWay: UnderWay["stats"];
}

const REMEMBERED_BATCHES = 10_000;

export class Receive {
  readonly #config: ReceiveConfig;
  readonly #deps: ReceiveDeps;
  readonly #recent = new RecentBatches(REMEMBERED_BATCHES);
  readonly #rejected: Record<string, number> = {};
  readonly #underWay: UnderWay;
  #counts = { batches: 0, rows: 0, duplicateRows: 0, bytes: 0 };

  constructor(config: ReceiveConfig, deps: ReceiveDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#underWay = new UnderWay(config.maxWaitingBytes);
  }

  get stats(): ReceiveStats {
    return { ...this.#counts, rejected: this.#rejected, underWay: this.#underWay.stats };
  }

  /**
   * Resolves when everything that could be taken is durable.
   * @throws ReceiveError for an upload that can't be read; StoreError
   */
  async receive(upload: Upload, sender: Sender): Promise<ReceiveAnswer> {
    const place = this.#underWay.enter(upload.body.length);
    try {
      return await this.#take(upload, sender, place);
    } finally {
      place.leave();
    }
  }

  async #take(upload: Upload, sender: Sender, place: Place): Promise<ReceiveAnswer> {
    const headers = readHeaders(upload.headers);
    const bytes = await decompress(upload.body, upload.headers["content-encoding"], this.#config.maxBatchBytes);
    if (bytes !== upload.body) place.grow(bytes.length);
    const read = this.#read(upload.contentType, bytes);
    const nowMs = this.#deps.now();
    const { batch, rejected } = checkRows(read, this.#rules(sender, headers, nowMs));
    const fallback = this.#reporterOf(sender, headers);
    this.#countRejected(rejected);
    const answer = rejected.map(({ row, code, message }) => ({ row, code, message }));

    const content = RecentBatches.contentOf(bytes);
    const batchId = headers.batchId?.text ?? null;
    const from = fallback?.id ?? "";
    if (batchId !== null && this.#recent.has(from, batchId, content)) {
      this.#counts = { ...this.#counts, duplicateRows: this.#counts.duplicateRows + batch.length };
      return { accepted: 0, duplicate: batch.length, rejected: answer };
    }

    const told = readMetadata(read.metadata);
    const metadata = told && narrowed(told, sender?.networks ?? null);
    const about = { sender, fallback, headers, metadata, nowMs, rejected: rejected.length };
    if (fallback !== null) {
      // First: others' reports of what is its own can only be told from the rest when it is known what that is.
      const hasMoved = metadata !== null && this.#deps.declare(fallback, declarationOf(about, metadata));
      await this.#deps.admit(deliveryOf(about, fallback, { rows: batch.length, firstStartMs: firstStartOf(batch) }), hasMoved);
    }
    const deliveries = this.#fill(batch, about);
    const { privacy } = this.#deps;
    const rows = privacy.apply(batch);
    const letters = rejected.map(({ row, code, message, content: json }) => {
      const letter = { receivedMs: nowMs, reporterId: from, batch: batchId ?? content, row, code, message, json };
      return privacy.keepsContent ? letter : withoutContent(letter);
    });
    await this.#deps.submit({ rows, deliveries, deadLetters: letters });

    if (batchId !== null) this.#recent.add(from, batchId, content);
    this.#counts = {
      ...this.#counts,
      batches: this.#counts.batches + 1,
      rows: this.#counts.rows + batch.length,
      bytes: this.#counts.bytes + upload.body.length,
    };
    for (const delivery of deliveries) this.#deps.onDelivery(delivery);
    this.#deps.onStored(rows);
    return { accepted: batch.length, duplicate: 0, rejected: answer };
  }

  #read(contentType: string, bytes: Uint8Array): ReadRows & { readonly metadata?: unknown } {
    const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    if (type === ARROW_CONTENT_TYPE) return readArrow(bytes, this.#config);
    if (type === NDJSON_CONTENT_TYPE) return readNdjson(bytes, this.#config);
    throw new ReceiveError(
      { code: "UNSUPPORTED_TYPE", type },
      `Content-Type must be ${ARROW_CONTENT_TYPE} or ${NDJSON_CONTENT_TYPE}, not ${type || "absent"}`,
    );
  }

  #rules(sender: Sender, headers: UploadHeaders, nowMs: number): RowRules {
    const oldestMs = this.#deps.oldestMs(nowMs);
    if (sender === null) return { reporter: null, networks: null, defaultReporter: headers.node, nowMs, oldestMs };
    const { id, name } = this.#deps.identify.node(sender.node);
    const names = [id, name, sender.node, sender.name];
    const { networks } = sender;
    return { reporter: { id: sender.node, names }, networks, defaultReporter: sender.node, nowMs, oldestMs };
  }

  /** Whom the upload as a whole is from, so far as it says. The id of a token never changes, whatever the inventory does later. */
  #reporterOf(sender: Sender, headers: UploadHeaders): Reporter | null {
    const given = sender?.node ?? headers.node;
    if (given === null) return null;
    const { id, name } = this.#deps.identify.node(given);
    if (sender === null) return { id, name };
    return { id: sender.node, name: name === sender.node ? sender.name : name };
  }

  /** Fills the columns that the server knows, and says who delivered how much. */
  #fill(batch: FlowBatch, upload: FilledUpload): Delivery[] {
    const { identify } = this.#deps;
    const { columns } = batch;
    const rowsOf = new Map<string, Told & { readonly name: string }>();
    if (upload.fallback) rowsOf.set(upload.fallback.id, { name: upload.fallback.name, rows: 0, firstStartMs: null });
    const nodes = new Map<string, Reporter>();
    const nodeOf = (given: string) => {
      const node = nodes.get(given) ?? identify.node(given);
      nodes.set(given, node);
      return node;
    };
    for (let row = 0; row < batch.length; row++) {
      const { id, name } = upload.sender && upload.fallback ? upload.fallback : nodeOf(columns.reporter.get(row) ?? "");
      columns.reporter_id.set(row, id);
      columns.reporter.set(row, name);
      columns.reporter_type.set(row, upload.metadata ? "agent" : "sender");
      columns.received.set(row, upload.nowMs);
      const { rows, firstStartMs } = rowsOf.get(id) ?? { rows: 0, firstStartMs: null };
      rowsOf.set(id, { name, rows: rows + 1, firstStartMs: earlier(firstStartMs, columns.start.get(row)) });
    }
    identify.fill(batch);
    return [...rowsOf].map(([id, told]) => deliveryOf(upload, { id, name: told.name }, told));
  }

  #countRejected(rejected: readonly RejectedRow[]): void {
    for (const { code } of rejected) this.#rejected[code] = (this.#rejected[code] ?? 0) + 1;
  }
}

/** What of an upload is a reporter's. */
interface Told {
  readonly rows: number;
  readonly firstStartMs: number | null;
}

interface FilledUpload {
  readonly sender: Sender;
  readonly fallback: Reporter | null;
  readonly headers: UploadHeaders;
  readonly metadata: UploadMetadata | null;
  readonly nowMs: number;
  readonly rejected: number;
}

function declarationOf({ headers: { batchId }, nowMs }: FilledUpload, metadata: UploadMetadata): Declaration {
  const { addresses, declares, covered_from: coveredFromMs } = metadata;
  return { addresses, declares, coveredFromMs, epoch: batchId?.epoch ?? "", sequence: batchId?.sequence ?? nowMs };
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function firstStartOf({ columns: { start }, length }: FlowBatch): number | null {
  let first: number | null = null;
  for (let row = 0; row < length; row++) first = earlier(first, start.get(row));
  return first;
}

function deliveryOf(
  { headers, metadata, nowMs, rejected }: FilledUpload,
  { id: reporterId, name: reporter }: Reporter,
  { rows, firstStartMs }: Told,
): Delivery {
  return {
    reporterId,
    reporter,
    firstStartMs,
    // A sender that does not number its uploads: no gaps can be seen, but that it was here.
    epoch: headers.batchId?.epoch ?? "",
    sequence: headers.batchId?.sequence ?? nowMs,
    part: headers.batchId?.part ?? "",
    receivedMs: nowMs,
    rows,
    rejected,
    coveredFromMs: metadata?.covered_from ?? null,
    coveredToMs: metadata?.covered_to ?? null,
    spoolBatches: headers.spool?.batches ?? 0,
    spoolBytes: headers.spool?.bytes ?? 0,
    drops: metadata?.drops ?? {},
    gauges: metadata?.gauges ?? {},
    clockSkewMs: headers.clockMs === null ? null : headers.clockMs - nowMs,
    agentVersion: metadata?.agent_version ?? "",
    addresses: metadata?.addresses ?? {},
  };
}
