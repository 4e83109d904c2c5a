/** Whose program a flow of this host is: asked of the kernel when the flow begins, at a bounded cost. */

import { CaptureError } from "../capture/errors.ts";
import { ProcessNames } from "../capture/sockets/process-names.ts";
import { SocketOwners } from "../capture/sockets/socket-owners.ts";
import type { FlowKey } from "../track/flow-key.ts";
import type { FlowOwner, FlowOwners } from "../track/flow-names.ts";
import { TokenBucket } from "./token-bucket.ts";

/** 8 µs each. */
const QUESTIONS_PER_S = 2000;
const DESTINATION = 16;

export class LocalOwners implements FlowOwners {
  readonly #sockets = new SocketOwners();
  readonly #processes: ProcessNames;
  readonly #bucket: TokenBucket;
  #problem = "";

  /** @param monotonicMs a clock that does not go back */
  constructor(monotonicMs: () => number) {
    this.#processes = new ProcessNames(monotonicMs);
    this.#bucket = new TokenBucket(QUESTIONS_PER_S, QUESTIONS_PER_S, monotonicMs);
  }

  /** Why nobody is found; empty if all is well. */
  get problem(): string {
    return this.#problem;
  }

  ownerOf(key: FlowKey, isSource: boolean): FlowOwner | null {
    if (!this.#bucket.take()) return null;
    const { protocol, bytes, first, second } = key;
    try {
      const owner = isSource
        ? this.#sockets.find(protocol, bytes, 0, first, DESTINATION, second)
        : this.#sockets.find(protocol, bytes, DESTINATION, second, 0, first);
      this.#problem = "";
      return owner && { uid: owner.uid, process: this.#processes.nameOf(owner.inode) };
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#problem = `no processes of flows: ${error.message}`;
      return null;
    }
  }

  close(): void {
    this.#sockets.close();
  }
}
