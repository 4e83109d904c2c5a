/** A client that behaves as Netmaker's agent does, over either of two gRPC libraries, for tests and benchmarks. */
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { type FlowEnvelope, FlowEnvelopeSchema, type FlowResponse, FlowResponseSchema, FlowService } from "../flow_pb.ts";

export type Library = "grpc-js" | "connect";

export interface AnswerStream {
  /** @throws what the library throws when the stream ended */
  send(events: readonly Uint8Array[]): Promise<{ readonly success: boolean; readonly error: string }>;
  close(): void;
}

const PATH = "/netmaker.flow.FlowService/StreamFlows";
const BATCH = 200;
const TRIES = 3;
const PAUSE_MS = 300;

export function openStream(library: Library, address: string): AnswerStream {
  return library === "grpc-js" ? grpcStream(address) : connectStream(address);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** An envelope, as bytes. */
export function envelope(events: readonly Uint8Array[]): Buffer {
  return Buffer.concat(events.flatMap((event) => [Buffer.from([10, ...varint(event.length)]), event]));
}

/** A stream on which bytes are sent as they are. */
export function rawStream(address: string): { client: Client; stream: ClientDuplexStream<Buffer, FlowResponse> } {
  const client = new Client(address, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest<Buffer, FlowResponse>(
    PATH,
    (bytes) => bytes,
    (bytes) => fromBinary(FlowResponseSchema, bytes),
  );
  return { client, stream };
}

function grpcStream(address: string): AnswerStream {
  const { client, stream } = rawStream(address);
  const waiting: { resolve: (answer: FlowResponse) => void; reject: (error: unknown) => void }[] = [];
  let failure: unknown = null;
  stream.on("data", (answer: FlowResponse) => waiting.shift()?.resolve(answer));
  const end = (error: unknown) => {
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  stream.on("error", end);
  stream.on("end", () => end(new Error("the stream ended")));
  return {
    send: (events) =>
      new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure);
        waiting.push({ resolve, reject });
        stream.write(envelope(events));
      }),
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}

function connectStream(address: string): AnswerStream {
  const queue: FlowEnvelope[] = [];
  let wake: () => void = () => undefined;
  const abort = new AbortController();
  async function* envelopes() {
    while (!abort.signal.aborted) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const client = createClient(FlowService, createGrpcTransport({ baseUrl: `http://${address}` }));
  const answers = client.streamFlows(envelopes(), { signal: abort.signal })[Symbol.asyncIterator]();
  return {
    send: async (events) => {
      queue.push(create(FlowEnvelopeSchema, { events: [...events] }));
      wake();
      const { value, done } = await answers.next();
      if (done === true) throw new Error("the stream ended");
      return value;
    },
    close: () => {
      abort.abort();
      wake();
    },
  };
}

export class NetmakerAgent {
  readonly #library: Library;
  readonly #address: () => string;
  #stream: AnswerStream | null = null;
  /** Events of envelopes that were answered with success. */
  answered = 0;
  /** Events that it gave up. */
  dropped = 0;

  constructor(library: Library, address: () => string) {
    this.#library = library;
    this.#address = address;
  }

  async report(events: readonly Uint8Array[]): Promise<void> {
    for (let from = 0; from < events.length; from += BATCH) await this.#flush(events.slice(from, from + BATCH));
  }

  async #flush(events: readonly Uint8Array[]): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        this.#stream ??= openStream(this.#library, this.#address());
        const { success } = await this.#stream.send(events);
        if (success) {
          this.answered += events.length;
          return;
        }
      } catch {
        // As the real one: whatever it was, another stream.
        this.stop();
      }
      await sleep(PAUSE_MS);
    }
    this.dropped += events.length;
  }

  stop(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}
