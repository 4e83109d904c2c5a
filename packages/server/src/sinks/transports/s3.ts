/**
 * Objects of S3 and what speaks its language: one for each hour and network of a batch. Its name is made of the events in it, so that what is
 * sent again overwrites itself; what comes late for an hour is an object beside the others.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { AwsV4Signer } from "aws4fetch";
import { HttpPost } from "../../outgoing/http-post.ts";
import type { Format, Refused, SendResult, SinkEvent, Transport, TransportDeps, TransportKind, Why } from "../ports.ts";
import { bodyOf } from "./bodies.ts";
import { linesOf } from "./lines.ts";
import type { S3Config } from "./s3-config.ts";
import { type Group, groupsOf } from "./s3-groups.ts";

const gzipped = promisify(gzip);
const MAX_ANSWER_BYTES = 16_384;

interface ObjectOf {
  readonly bytes: Uint8Array | null;
  readonly extension: string;
  readonly refused: readonly Refused[];
}

class S3Transport implements Transport {
  readonly batch: Transport["batch"];
  readonly #config: S3Config;
  readonly #deps: TransportDeps;
  readonly #http: HttpPost;

  constructor(config: S3Config, deps: TransportDeps) {
    this.#config = config;
    this.#deps = deps;
    this.batch = { maxEvents: config.max_events, lingerMs: config.linger_s * 1000 };
    const { timeout_s, ca_file: caFile } = config;
    const { allowLinkLocal } = deps;
    const limits = { timeoutMs: timeout_s * 1000, maxAnswerBytes: MAX_ANSWER_BYTES, keepAlive: true };
    this.#http = new HttpPost({ ...limits, caFile, allowLinkLocal }, deps);
  }

  async open(): Promise<void> {}

  async send(events: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult> {
    const refused: Refused[] = [];
    const groups = groupsOf(events);
    for (const [at, group] of groups.entries()) {
      const body = await objectOf(this.#deps.format, group);
      // Nothing is lost by it: objects that were put already are put again.
      if ("kind" in body) return body;
      refused.push(...body.refused.map((one) => ({ ...one, index: group.indexes[one.index] ?? 0 })));
      if (body.bytes === null) continue;
      const failed = await this.#put(`${this.#prefix}${group.name}.${body.extension}`, body.bytes, signal);
      if (failed === null) continue;
      // Nothing was taken: whoever looks at the sink sees why.
      if (at === 0) return { kind: "not_now", ...failed };
      const again = groups.slice(at).flatMap(({ indexes }) => indexes);
      return {
        kind: "partly",
        refused: refused.filter(({ index }) => !again.includes(index)),
        again,
        retryAfterMs: failed.retryAfterMs,
      };
    }
    return refused.length === 0 ? { kind: "taken" } : { kind: "partly", refused, again: [], retryAfterMs: null };
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  get #prefix(): string {
    const { prefix } = this.#config;
    return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  }

  async #put(key: string, body: Uint8Array, signal: AbortSignal): Promise<(Why & { retryAfterMs: number | null }) | null> {
    const { url, headers } = await this.#signed(key, body);
    const { status, answer, error, retryAfterMs } = await this.#http.post({ url, method: "PUT", headers, body, signal });
    if (error === null) return null;
    const reason = status === null ? "unreachable" : status === 401 || status === 403 ? "unauthorized" : `http_${status}`;
    const code = /<Code>(\w{1,100})<\/Code>/.exec(answer)?.[1];
    return { reason, message: code === undefined ? error : `HTTP ${status}: ${code}`, retryAfterMs };
  }

  async #signed(key: string, body: Uint8Array): Promise<{ url: string; headers: Record<string, string> }> {
    const { secrets, format, now } = this.#deps;
    const signer = new AwsV4Signer({
      method: "PUT",
      url: this.#urlOf(key),
      headers: {
        "content-type": format.contentType,
        // What is signed is what arrives.
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      },
      service: "s3",
      region: this.#config.region,
      accessKeyId: this.#config.access_key_id,
      secretAccessKey: secrets.secret_access_key ?? "",
      ...(secrets.session_token === undefined ? {} : { sessionToken: secrets.session_token }),
      datetime: new Date(now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, ""),
    });
    const { url, headers } = await signer.sign();
    return { url: url.href, headers: Object.fromEntries(headers) };
  }

  #urlOf(key: string): string {
    const { url, bucket, path_style } = this.#config;
    const at = new URL(url.endsWith("/") ? url : `${url}/`);
    if (path_style) return new URL(`${bucket}/${key}`, at).href;
    at.hostname = `${bucket}.${at.hostname}`;
    return new URL(key, at).href;
  }
}

/** Null: no event of it can be told. Lines are compressed; Parquet is by itself. */
async function objectOf(format: Format, { events }: Group): Promise<ObjectOf | Extract<SendResult, { kind: "refused" }>> {
  if (format.kind === "body") {
    const made = await bodyOf(format, events);
    return "kind" in made ? made : { ...made, extension: format.extension, refused: [] };
  }
  const { lines, refused } = linesOf(format, events);
  const text = [...(format.head === null ? [] : [format.head]), ...lines, ""].join("\n");
  return { bytes: lines.length === 0 ? null : await gzipped(text), extension: `${format.extension}.gz`, refused };
}

export const S3: TransportKind<S3Config> = {
  kind: "s3",
  secrets: ["secret_access_key", "session_token"],
  formats: ["parquet", "flowtrail", "ecs", "csv", "vpc-v2", "vpc-v5"],
  make: (config, deps) => new S3Transport(config, deps),
};
