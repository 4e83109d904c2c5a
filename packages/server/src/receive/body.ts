/** The body of an upload as it was before compression, never larger than a limit: a few bytes of zstd can stand for gigabytes. */
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { ReceiveError } from "./errors.ts";

const decoders: Readonly<Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>>> = {
  zstd: promisify(zstdDecompress),
  gzip: promisify(gunzip),
};

/**
 * Undoes the Content-Encoding `zstd`, `gzip` or `identity`.
 * @throws ReceiveError TOO_LARGE, BAD_BATCH, UNSUPPORTED_ENCODING
 */
export async function decompress(body: Uint8Array, encoding: string | undefined, maxBytes: number): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() || "identity";
  if (name === "identity") {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  const decode = decoders[name];
  if (decode === undefined) {
    throw new ReceiveError({ code: "UNSUPPORTED_ENCODING", encoding: name }, "Content-Encoding must be zstd, gzip or identity");
  }
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new ReceiveError({ code: "BAD_BATCH" }, `the body is no ${name}: ${(cause as Error).message}`, { cause });
  }
}

function tooLarge(limit: number): ReceiveError {
  return new ReceiveError(
    { code: "TOO_LARGE", what: "batch", limit },
    `the batch is larger than ${limit} bytes after decompression: send it in parts`,
  );
}
