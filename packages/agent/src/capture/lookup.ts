/** Asks the kernel for one entry, at once. */
import { parseConntrack } from "./conntrack/parse.ts";
import { ConntrackRecord } from "./conntrack/record.ts";
import { writeGetRequest } from "./conntrack/request.ts";
import { ENOENT, NLMSG_ERROR } from "./netlink/constants.ts";
import { captureError } from "./netlink/errno.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import { MessageWriter } from "./netlink/writer.ts";

const ANSWER_BYTES = 4096;
/** The stamps of a NEW event and of the entry that it announces are taken one after the other: up to 0.1 ms apart. */
const STAMP_SLACK_US = 1000;

export class Lookup {
  readonly #writer = new MessageWriter(256);
  readonly #answer = Buffer.allocUnsafeSlow(ANSWER_BYTES);
  readonly #bytes = {
    u8: new Uint8Array(this.#answer.buffer),
    u16: new Uint16Array(this.#answer.buffer),
    u32: new Uint32Array(this.#answer.buffer),
  };
  readonly #scratch = new ConntrackRecord();
  #socket: NetlinkSocket | undefined;
  #sequence = 0;

  /** See ConntrackSource.refresh. @throws CaptureError on any refusal but "there is no such entry" */
  refresh(record: ConntrackRecord): boolean {
    const socket = this.#open();
    this.#sequence = (this.#sequence + 1) >>> 0;
    writeGetRequest(this.#writer, this.#sequence, record);
    socket.send(this.#writer.bytes());
    for (;;) {
      const length = socket.receive(this.#answer);
      if (length < 0) throw this.#broken(-length);
      const { u16, u32 } = this.#bytes;
      if (u32[2] !== this.#sequence) continue; // the answer to a question whose asker was interrupted
      if (u16[2] === NLMSG_ERROR) {
        const errno = -(u32[4]! | 0);
        if (errno === ENOENT) return false;
        throw captureError("conntrack get", errno);
      }
      if (!parseConntrack(this.#bytes, 0, length, true, this.#scratch) || !isSame(this.#scratch, record)) return false;
      return parseConntrack(this.#bytes, 0, length, true, record);
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): NetlinkSocket {
    if (!this.#socket) {
      this.#socket = new NetlinkSocket();
      this.#socket.open();
    }
    return this.#socket;
  }

  #broken(errno: number): Error {
    this.close();
    return captureError("recv(conntrack get)", errno);
  }
}

/**
 * Another connection may have the same tuple by now, and the same id too: the kernel makes the id of the tuple and of the entry's address in
 * memory (nf_ct_get_id), which is often the one that has just become free. Then the stamps tell: the other one began later.
 */
function isSame(answer: ConntrackRecord, known: ConntrackRecord): boolean {
  if (answer.id !== known.id) return false;
  if (answer.startUs === 0) return true; // began before stamps were on
  if (known.startUs !== 0) return answer.startUs === known.startUs;
  return known.eventUs === 0 || answer.startUs <= known.eventUs + STAMP_SLACK_US;
}
