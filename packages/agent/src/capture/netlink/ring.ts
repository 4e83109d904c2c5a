/** A slab of equal slots that recvmmsg(2) fills: many datagrams for one system call. */
import { EINTR, MSG_DONTWAIT, MSG_TRUNC } from "./constants.ts";
import { addressOf, errno, type Libc, libc } from "./libc.ts";

// struct mmsghdr { struct msghdr { name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48 }; u32 msg_len@56 } on 64-bit Linux.
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
// struct cmsghdr { u64 len; i32 level; i32 type } and struct timespec { i64 s; i64 ns }.
const STAMP_BYTES = 32;

export class ReceiveRing {
  readonly slots: number;
  readonly slotBytes: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly #headers: Buffer;
  readonly #headers32: Uint32Array;
  /** Only the kernel reads it, through the addresses in the headers: kept here so that it lives as long as they do. */
  readonly #vectors: Buffer;
  /** One control message for each slot: when the datagram came (SO_TIMESTAMPNS). Empty if nobody asked for it. */
  readonly #stamps: Buffer;
  readonly #libc: Libc;

  /** @param slotBytes a multiple of 4; @param options `stamped`: with room for the kernel's time stamps */
  constructor(slots: number, slotBytes: number, { stamped = false }: { stamped?: boolean } = {}) {
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.#libc = libc();
    // allocUnsafeSlow: a backing store of its own, which V8 never moves.
    const slab = Buffer.allocUnsafeSlow(slots * slotBytes);
    this.u8 = new Uint8Array(slab.buffer);
    this.u16 = new Uint16Array(slab.buffer);
    this.u32 = new Uint32Array(slab.buffer);
    this.#headers = Buffer.allocUnsafeSlow(slots * MMSGHDR_BYTES).fill(0);
    this.#vectors = Buffer.allocUnsafeSlow(slots * IOVEC_BYTES).fill(0);
    this.#headers32 = new Uint32Array(this.#headers.buffer);
    this.#stamps = Buffer.allocUnsafeSlow(stamped ? slots * STAMP_BYTES : 0).fill(0);
    const slabAddress = addressOf(slab);
    const vectorsAddress = addressOf(this.#vectors);
    for (let i = 0; i < slots; i++) {
      this.#vectors.writeBigUInt64LE(slabAddress + BigInt(i * slotBytes), i * IOVEC_BYTES);
      this.#vectors.writeBigUInt64LE(BigInt(slotBytes), i * IOVEC_BYTES + 8);
      this.#headers.writeBigUInt64LE(vectorsAddress + BigInt(i * IOVEC_BYTES), i * MMSGHDR_BYTES + 16);
      this.#headers.writeBigUInt64LE(1n, i * MMSGHDR_BYTES + 24);
      if (stamped) this.#headers.writeBigUInt64LE(addressOf(this.#stamps) + BigInt(i * STAMP_BYTES), i * MMSGHDR_BYTES + 32);
    }
  }

  /** Receives what waits, without blocking. Returns the number of datagrams (≥ 1) or a negative errno. */
  receive(fd: number): number {
    // The kernel writes there how much of the room it used.
    if (this.#stamps.length > 0) for (let i = 0; i < this.slots; i++) this.#headers32[i * 16 + 10] = STAMP_BYTES;
    for (;;) {
      const count = this.#libc.recvmmsg(fd, this.#headers, this.slots, MSG_DONTWAIT, null);
      if (count >= 0) return count;
      const reason = errno();
      if (reason !== EINTR) return -reason;
    }
  }

  /** Offset of the first byte after the datagram in slot `i`. */
  end(i: number): number {
    return i * this.slotBytes + this.#headers32[i * 16 + 14]!;
  }

  /** When the datagram in slot `i` came, ms since 1970; null if the kernel did not say. */
  stampMs(i: number): number | null {
    if (this.#stamps.length === 0 || this.#headers32[i * 16 + 10] !== STAMP_BYTES) return null;
    const at = i * STAMP_BYTES + 16;
    const s = this.#stamps.readUInt32LE(at) + this.#stamps.readUInt32LE(at + 4) * 2 ** 32;
    return s * 1000 + Math.floor(this.#stamps.readUInt32LE(at + 8) / 1e6);
  }

  /** The datagram was longer than its slot. */
  truncated(i: number): boolean {
    return (this.#headers32[i * 16 + 12]! & MSG_TRUNC) !== 0;
  }
}
