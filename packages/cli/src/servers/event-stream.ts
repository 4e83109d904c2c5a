/** Server-Sent Events (WHATWG HTML, 9.2.6) from a stream of lines. */

export interface ServerEvent {
  /** `message` unless it says another. */
  readonly type: string;
  readonly data: string;
  readonly id: string | null;
  readonly retryMs: number | null;
}

/** What was begun but not ended with an empty line is no event. */
export async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let type = "";
  let data: string[] = [];
  let id: string | null = null;
  let retryMs: number | null = null;
  for await (const raw of lines) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") {
      if (data.length > 0 || retryMs !== null) yield { type: type || "message", data: data.join("\n"), id, retryMs };
      type = "";
      data = [];
      retryMs = null;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  }
}
