/** Tells when a file descriptor has something to read, through libuv's epoll. */
import koffi, { type node } from "koffi";

/**
 * koffi does not keep its PollHandle alive: a handle without a reference is collected and wakes nobody any more. This object holds it,
 * so it must itself be held as long as wake-ups are wanted.
 */
export class ReadableWatch {
  readonly #fd: number;
  readonly #onReadable: () => void;
  #handle: node.PollHandle | undefined;

  constructor(fd: number, onReadable: () => void) {
    this.#fd = fd;
    this.#onReadable = onReadable;
  }

  /** Calls back once when the descriptor is readable or has an error waiting (libuv disarms itself on POLLERR, which an overrun raises). */
  arm(): void {
    if (this.#handle) this.#handle.start({ readable: true }, this.#fire);
    else this.#handle = koffi.node.poll(this.#fd, { readable: true }, this.#fire);
  }

  /** Before the descriptor is closed. */
  close(): void {
    this.#handle?.close();
    this.#handle = undefined;
  }

  readonly #fire = (): void => {
    this.#handle?.stop();
    this.#onReadable();
  };
}
