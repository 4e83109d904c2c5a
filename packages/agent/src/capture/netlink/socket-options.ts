/** Values of socket options, as setsockopt wants them. */
import { addressOf } from "./libc.ts";

const SOCK_FPROG_BYTES = 16;

/** An `int`. */
export function intOption(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/**
 * For SO_ATTACH_FILTER: `struct sock_fprog { u16 len; struct sock_filter *filter; }`.
 * @param filter a classic BPF program, 8 bytes per instruction; it must live until the option is set
 */
export function filterOption(filter: Uint8Array): Buffer {
  const program = Buffer.alloc(SOCK_FPROG_BYTES);
  program.writeUInt16LE(filter.length / 8, 0);
  program.writeBigUInt64LE(addressOf(filter), 8);
  return program;
}
