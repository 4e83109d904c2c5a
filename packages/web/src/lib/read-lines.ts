/** Answers that come line by line (NDJSON), each told as soon as it is there. */
import { refusalOf } from "./api.ts";
import { ApiError } from "./errors.ts";

/** Throws ApiError, and the signal's reason when it was left. */
export async function* readLines<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetch(path, {
    method: "POST",
    headers: { accept: "application/x-ndjson", "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw new ApiError({ code: "UNREACHABLE", path }, "The server does not answer.", { cause });
  });
  if (!response.ok || response.body === null) throw await refusalOf(path, response);
  let rest = "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
    if (done) break;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}
