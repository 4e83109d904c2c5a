import { createHash, createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { AwsClient } from "aws4fetch";
import { parquetReadObjects } from "hyparquet";
import S3rver from "s3rver";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatOf } from "../formats/registry.ts";
import { event } from "../formats/testing.ts";
import type { Format, SinkEvent } from "../ports.ts";
import { S3 } from "./s3.ts";
import { s3Config } from "./s3-config.ts";
import { made, NEVER } from "./testing.ts";

let directory: string;
let server: S3rver;
let url: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "flowtrail-s3-"));
  const at = { port: 0, address: "127.0.0.1", silent: true, directory };
  server = new S3rver({ ...at, configureBuckets: [{ name: "flows", configs: [] }] });
  url = `http://127.0.0.1:${(await server.run()).port}`;
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const SECRET = "S3RVER";
const client = new AwsClient({ accessKeyId: SECRET, secretAccessKey: SECRET, service: "s3", region: "us-east-1" });
async function keys(prefix: string): Promise<string[]> {
  const xml = await (await client.fetch(`${url}/flows?list-type=2&prefix=${encodeURIComponent(prefix)}`)).text();
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? "");
}
const get = async (key: string) =>
  new Uint8Array(await (await client.fetch(`${url}/flows/${key.replaceAll("=", "%3D")}`)).arrayBuffer());

function send(
  events: readonly SinkEvent[],
  prefix: string,
  { format = "parquet", ...change }: Record<string, unknown> & { format?: string } = {},
) {
  const config = s3Config.parse({ kind: "s3", url, bucket: "flows", prefix, access_key_id: SECRET, ...change });
  const transport = made(S3, config, { format: formatOf(format) as Format, secrets: { secret_access_key: SECRET } });
  return transport.send(events, NEVER).finally(() => transport.close());
}
/** docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, by the book. */
function signatureOf({ method, url: path = "", headers }: IncomingMessage, secret: string): string {
  const [, scope = "", names = ""] = /Credential=[^/]*\/([^,]*), SignedHeaders=([^,]*)/.exec(headers.authorization ?? "") ?? [];
  const encoded = path
    .split("/")
    .map((part) => encodeURIComponent(decodeURIComponent(part)))
    .join("/");
  const signed = names.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, encoded, "", signed.join(""), names, headers["x-amz-content-sha256"]].join("\n");
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hash].join("\n");
  const mac = (key: string | Buffer, value: string) => createHmac("sha256", key).update(value).digest();
  return mac(scope.split("/").reduce<string | Buffer>(mac, `AWS4${secret}`), text).toString("hex");
}

const ended = (flow_id: string, hour: string, network = "netmaker") =>
  event({ flow_id, network, start: `2026-11-22T${hour}:10:00.000Z`, end: `2026-11-22T${hour}:20:00.000Z` });
const EVENTS = [ended("1", "09"), ended("2", "09"), ended("3", "10"), ended("4", "09", "büro /a")];

it("puts one object of each hour and network, which others read, and overwrites it if it comes again", async () => {
  for (let i = 0; i < 2; i++) {
    expect(await send(EVENTS, "a")).toEqual({ kind: "taken" });
    const found = await keys("a/");
    expect(found.map((key) => key.replace(/[^/]*$/, ""))).toEqual([
      "a/network=b_ro__a/date=2026-11-22/hour=09/",
      "a/network=netmaker/date=2026-11-22/hour=09/",
      "a/network=netmaker/date=2026-11-22/hour=10/",
    ]);
    const file = (await get(found[1] ?? "")).buffer;
    const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } });
    expect(rows.map(({ event_id, src_bytes }) => [event_id, src_bytes])).toEqual([
      ["n-1.1.ended", 2417n],
      ["n-1.2.ended", 2417n],
    ]);
  }
  await send([ended("9", "09")], "a");
  expect(await keys("a/network=netmaker/date=2026-11-22/hour=09/")).toHaveLength(2);
});

it("puts compressed lines, too", async () => {
  expect(await send(EVENTS, "b/c", { format: "csv" })).toEqual({ kind: "taken" });
  const [key = ""] = await keys("b/c/network=netmaker/");
  expect(key).toMatch(/\.csv\.gz$/);
  const lines = gunzipSync(await get(key))
    .toString()
    .split("\n");
  expect(lines.map((line) => line.split(",")[0])).toEqual(["flow_id", "1", "2", ""]);
});

it("waits if it may not, or if there is no such bucket", async () => {
  expect(await send(EVENTS, "d", { access_key_id: "nobody" })).toMatchObject({
    kind: "not_now",
    reason: "unauthorized",
    message: "HTTP 403: InvalidAccessKeyId",
  });
  expect(await send(EVENTS, "d", { bucket: "others" })).toMatchObject({ kind: "not_now", message: "HTTP 404: NoSuchBucket" });
  expect(await send(EVENTS, "d", { url: "http://127.0.0.1:1" })).toMatchObject({ kind: "not_now", reason: "unreachable" });
});

it("tells what is to be sent again if some objects were put, and names its bucket as the server wants it", async () => {
  const seen: string[] = [];
  const busy = createServer((request, response: ServerResponse) => {
    seen.push(`${request.headers.host} ${request.url}`);
    // s3rver does not look at signatures of this version.
    expect(request.headers.authorization?.split("Signature=")[1]).toBe(signatureOf(request, SECRET));
    request.resume().on("end", () => response.writeHead(seen.length === 2 ? 503 : 200, { "retry-after": "3" }).end());
  });
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
  const { port } = busy.address() as AddressInfo;
  const change = { url: `http://localhost:${port}/`, path_style: false };
  try {
    // Names below localhost are the machine itself (RFC 6761 § 6.3), if its resolver knows.
    const viaPath = await send(EVENTS, "", { url: `http://127.0.0.1:${port}/base` });
    expect(viaPath).toEqual({ kind: "partly", refused: [], again: [2, 3], retryAfterMs: 3000 });
    expect(seen[0]).toMatch(/^127\.0\.0\.1:\d+ \/base\/flows\/network=netmaker\/date=2026-11-22\/hour=09\/\d{8}T[^/]*\.parquet$/);
    const viaHost = await send(EVENTS.slice(0, 1), "p", change);
    if (viaHost.kind === "taken") expect(seen.at(-1)).toMatch(/^flows\.localhost:\d+ \/p\/network=/);
  } finally {
    busy.closeAllConnections();
    busy.close();
  }
});
