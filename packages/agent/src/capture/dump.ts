/** Reads all of conntrack's entries, letting the event loop breathe in between. */
import { setImmediate, setTimeout } from "node:timers/promises";
import { isLoopback } from "./conntrack/loopback.ts";
import { parseConntrack } from "./conntrack/parse.ts";
import { ConntrackRecord } from "./conntrack/record.ts";
import { writeDumpRequest } from "./conntrack/request.ts";
import { EAGAIN, EINVAL, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from "./netlink/constants.ts";
import { captureError, noConntrack } from "./netlink/errno.ts";
import { ReceiveRing } from "./netlink/ring.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import { MessageWriter } from "./netlink/writer.ts";

// The kernel fills buffers of up to 32 KiB (netlink_dump): 8 of them are about 1,000 entries and 3.5 ms, then others have their turn.
const SLOTS = 8;
const SLOT_BYTES = 32768;
/** The kernel makes the next part of a dump while we fetch one, so there is always one waiting. If there is not, it is not for long. */
const WAIT_MS = 2;
const MAX_WAITS = 500;

export interface DumpResult {
  entries: number;
  malformed: number;
  /** False if it was cut short, or changed while it was made. */
  complete: boolean;
}

export class Dumper {
  readonly #writer = new MessageWriter(64);
  readonly #record = new ConntrackRecord();
  #ring: ReceiveRing | undefined;
  #sequence = 0;

  /**
   * One dump at a time. Each has a socket of its own, so that nothing of an aborted one is left to be read.
   * @param visit called for each entry but loopback's; the record is reused
   * @throws CaptureError if the kernel refuses to begin
   */
  async dump(visit: (record: ConntrackRecord) => void, signal: AbortSignal): Promise<DumpResult> {
    this.#ring ??= new ReceiveRing(SLOTS, SLOT_BYTES);
    const ring = this.#ring;
    const result: DumpResult = { entries: 0, malformed: 0, complete: true };
    const socket = new NetlinkSocket();
    socket.open();
    try {
      writeDumpRequest(this.#writer, ++this.#sequence);
      socket.send(this.#writer.bytes());
      for (let waits = 0; !signal.aborted; ) {
        const count = ring.receive(socket.fd);
        if (count === -EAGAIN && waits++ < MAX_WAITS) {
          await setTimeout(WAIT_MS);
          continue;
        }
        if (count < 0) break; // out of memory, for example: the caller learns that the dump is not complete
        for (let i = 0; i < count; i++) if (this.#datagram(ring, i, visit, result)) return result;
        await setImmediate();
      }
      result.complete = false;
      return result;
    } finally {
      socket.close();
    }
  }

  /** Returns true at the end of the dump. */
  #datagram(ring: ReceiveRing, slot: number, visit: (record: ConntrackRecord) => void, result: DumpResult): boolean {
    const { u16, u32 } = ring;
    const end = ring.end(slot);
    if (ring.truncated(slot)) result.complete = false;
    let at = slot * ring.slotBytes;
    while (at + 16 <= end) {
      const length = u32[at >> 2]!;
      if (length < 16 || at + length > end) break;
      const type = u16[(at >> 1) + 2]!;
      if (u16[(at >> 1) + 3]! & NLM_F_DUMP_INTR) result.complete = false;
      if (type === NLMSG_DONE) return true;
      if (type === NLMSG_ERROR) throw refusal(-(u32[(at >> 2) + 4]! | 0));
      if (parseConntrack(ring, at, end, true, this.#record)) {
        if (!isLoopback(this.#record)) {
          result.entries++;
          visit(this.#record);
        }
      } else result.malformed++;
      at += (length + 3) & ~3;
    }
    if (at < end) result.malformed++;
    return false;
  }
}

/** nfnetlink answers EINVAL to a question for a subsystem that nobody has registered. */
function refusal(errno: number): Error {
  return errno === EINVAL ? noConntrack("conntrack dump", errno) : captureError("conntrack dump", errno);
}
