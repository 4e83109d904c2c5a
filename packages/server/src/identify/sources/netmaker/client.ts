/** Asks a Netmaker server, one question at a time; every answer has a deadline and a largest size, whatever the other side does. */
import { readFile, stat } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { NetmakerError, networkError, statusError, TOKEN_ADVICE } from "./errors.ts";

export interface NetmakerClientConfig {
  readonly url: URL;
  readonly tokenFile: string;
  readonly caFile: string | undefined;
  /** Of one question, until the last byte of its answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** Told of each answer, whatever it is. */
  readonly onAnswer?: (headers: IncomingHttpHeaders) => void;
}

/** What is read anew for each poll, so that a token can be revoked and replaced while the server runs. */
export interface Credentials {
  readonly token: string;
  readonly ca: Buffer | undefined;
}

const MAX_SAID = 200;
const MAX_RETRY_AFTER_S = 3600;

export class NetmakerClient {
  readonly #config: NetmakerClientConfig;
  readonly #base: URL;

  constructor(config: NetmakerClientConfig) {
    this.#config = config;
    this.#base = new URL(config.url);
    // Paths below begin with `api/`, whether or not people gave it.
    this.#base.pathname = this.#base.pathname.replace(/(\/api)?\/*$/, "/");
  }

  /** @throws NetmakerError NETMAKER_TOKEN_FILE, NETMAKER_CA_FILE */
  async credentials(): Promise<Credentials> {
    const { tokenFile } = this.#config;
    const token = (await readFile(tokenFile, "utf8").catch(unreadable(tokenFile))).trim();
    // What a header may hold without quotes: RFC 6750 §2.1 (b64token).
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token))
      throw tokenError(tokenFile, token === "" ? "is empty" : "holds no token (one line, no spaces)");
    return this.withToken(token);
  }

  /** With a token that is not in the file. @throws NetmakerError NETMAKER_CA_FILE */
  async withToken(token: string): Promise<Credentials> {
    const { caFile } = this.#config;
    const ca = caFile === undefined ? undefined : await readFile(caFile).catch(unreadableCa(caFile));
    return { token, ca };
  }

  /** What to say about a token file that everybody on the machine can read, or null. */
  async tokenWarning(): Promise<string | null> {
    const { tokenFile } = this.#config;
    const mode = await stat(tokenFile).then(
      (found) => found.mode & 0o777,
      () => 0, // whoever reads it says what is wrong
    );
    if ((mode & 0o007) === 0) return null;
    return `every user of this machine can read or change ${tokenFile} (mode ${mode.toString(8)}): chmod 600 ${tokenFile}`;
  }

  /**
   * The JSON of an answer.
   * @param path below the URL, such as `api/nodes`
   * @throws NetmakerError, or the signal's reason
   */
  async get(path: string, { token, ca }: Credentials, signal: AbortSignal): Promise<unknown> {
    const url = new URL(path, this.#base);
    const { timeoutMs, maxAnswerBytes } = this.#config;
    const timeout = AbortSignal.timeout(timeoutMs);
    const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
    const options = { headers, signal: AbortSignal.any([timeout, signal]), agent: false };
    let response: IncomingMessage;
    let text: string;
    try {
      response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request =
          url.protocol === "https:"
            ? httpsRequest(url, { ...options, ...(ca === undefined ? {} : { ca }) })
            : httpRequest(url, options);
        request.on("error", reject).on("response", resolve).end();
      });
      text = await bodyOf(response, url.href, maxAnswerBytes);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof NetmakerError) throw cause;
      throw networkError(timeout.aborted ? timeout.reason : cause, url.href, timeoutMs);
    }
    this.#config.onAnswer?.(response.headers);
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299)
      throw statusError(url.href, statusCode, messageOf(text), retryAfterMs(response.headers["retry-after"]));
    return parse(text, url.href);
  }
}

async function bodyOf(response: IncomingMessage, url: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      response.destroy();
      throw new NetmakerError({ code: "NETMAKER_ANSWER", url }, `${url}: the answer is larger than ${maxBytes / 2 ** 20} MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const begin = JSON.stringify(text.slice(0, 40));
    throw new NetmakerError(
      { code: "NETMAKER_ANSWER", url },
      `${url}: the answer is no JSON (it begins with ${begin}): is inventory.netmaker.url the address of Netmaker's API, such as https://api.example.com?`,
      { cause },
    );
  }
}

/** Netmaker's errors say `Code` and `Message`; a proxy's page says nothing that is worth telling. */
function messageOf(text: string): string {
  try {
    const { Message, message = Message } = JSON.parse(text) as { Message?: unknown; message?: unknown };
    return typeof message === "string" ? message.replaceAll(/\s+/g, " ").slice(0, MAX_SAID) : "";
  } catch {
    return "";
  }
}

/** Seconds; the other form, a date, is not worth its trouble (RFC 9110 §10.2.3). */
function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Math.min(Number(header), MAX_RETRY_AFTER_S) * 1000 : null;
}

const errnoOf = (cause: unknown) => (cause as NodeJS.ErrnoException).code ?? "unknown";

function unreadable(path: string) {
  return (cause: unknown): never => {
    throw tokenError(path, `can't be read (${errnoOf(cause)})`, cause);
  };
}

function tokenError(path: string, problem: string, cause?: unknown): NetmakerError {
  const message = `the token file ${path} (inventory.netmaker.token_file) ${problem}: ${TOKEN_ADVICE} and put it there, readable for this server's user`;
  return new NetmakerError({ code: "NETMAKER_TOKEN_FILE", path }, message, { cause });
}

function unreadableCa(path: string) {
  return (cause: unknown): never => {
    const message = `the file of certificates ${path} (inventory.netmaker.ca_file) can't be read (${errnoOf(cause)})`;
    throw new NetmakerError({ code: "NETMAKER_CA_FILE", path }, message, { cause });
  };
}
