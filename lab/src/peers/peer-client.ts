/** Gives orders to the peer of a node. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LabError } from "../errors.ts";
import { labDir } from "../names.ts";
import type { NodeName } from "../topology.ts";
import type { OpResult, PeerOp, PeerReply } from "./protocol.ts";

export const peerSocket = (lab: string, node: NodeName): string => join(labDir(lab), "peers", `${node}.sock`);

type Open = { localPort: number; startedAt: number };
interface Waiting {
  op: PeerOp;
  onOpen: (open: Open) => void;
  resolve: (result: OpResult | null) => void;
  reject: (error: LabError) => void;
}

export class PeerClient {
  readonly #node: NodeName;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(node: NodeName, socket: Socket) {
    this.#node = node;
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#take(JSON.parse(line) as PeerReply));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#lost());
  }

  /** @throws LabError LAB_PEER_FAILED if the peer is not there, or could not do it for reasons of its own */
  request(op: PeerOp, onOpen: (open: Open) => void = () => undefined): Promise<OpResult | null> {
    const { promise, resolve, reject } = Promise.withResolvers<OpResult | null>();
    const id = ++this.#lastId;
    this.#waiting.set(id, { op, onOpen, resolve, reject });
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify({ id, op })}\n`);
    else this.#lost();
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(reply: PeerReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    if ("open" in reply) {
      waiting.onOpen(reply.open);
      return;
    }
    this.#waiting.delete(reply.id);
    if ("result" in reply) waiting.resolve(reply.result);
    else waiting.reject(this.#failed(waiting.op, reply.error));
  }

  #lost(): void {
    for (const waiting of this.#waiting.values())
      waiting.reject(this.#failed(waiting.op, "its process is gone, or was told to stop"));
    this.#waiting.clear();
  }

  #failed(op: PeerOp, why: string): LabError {
    return new LabError(
      { code: "LAB_PEER_FAILED", node: this.#node, op: op.op },
      `${this.#node} could not do "${op.op}": ${why}`,
    );
  }
}

/** @throws LabError LAB_PEER_FAILED */
export async function connectPeer(lab: string, node: NodeName): Promise<PeerClient> {
  const socket = connect(peerSocket(lab, node));
  try {
    await once(socket, "connect");
  } catch (cause) {
    throw new LabError(
      { code: "LAB_PEER_FAILED", node, op: "connect" },
      `the lab's process on ${node} does not answer; take the lab down and up again`,
      { cause },
    );
  }
  return new PeerClient(node, socket);
}
