/** Runs in a thread of its own: asks over HTTP and measures, so that the server's thread does the server's work only. */
import { parentPort } from "node:worker_threads";
import type { Call, Round, Timing } from "./ask.ts";

const port = parentPort;
if (port === null) throw new TypeError("not a worker");
port.on("message", async ({ id, calls, atOnce }: Round) => {
  const timings: Timing[] = [];
  for (let at = 0; at < calls.length; at += atOnce) {
    timings.push(...(await Promise.all(calls.slice(at, at + atOnce).map(timed))));
  }
  port.postMessage({ id, timings });
});

/** Up to the last byte of the answer. */
async function timed({ url, method, headers, body }: Call): Promise<Timing> {
  const began = performance.now();
  try {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    let bytes = 0;
    let lines = 0;
    let first = "";
    const isLong = response.headers.get("content-type")?.startsWith("application/json") !== true;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (isLong) for (const byte of chunk) lines += Number(byte === 10);
      else first += Buffer.from(chunk).toString("latin1");
    }
    return {
      ms: performance.now() - began,
      status: response.status,
      bytes,
      lines,
      text: first.slice(-2000),
      head: first.slice(0, 400),
    };
  } catch (error) {
    const text = error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error);
    return { ms: performance.now() - began, status: 0, bytes: 0, lines: 0, text, head: "" };
  }
}
