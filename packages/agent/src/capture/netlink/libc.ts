/** The few libc calls that Node does not offer. Nothing else in the agent calls koffi's loader. */
import { endianness } from "node:os";
import koffi from "koffi";
import { CaptureError } from "../errors.ts";

/** Pointers are passed as byte arrays: koffi hands over the address of their backing store for the time of the call. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  /** 0 if there is none of this name in the calling thread's network namespace. */
  if_nametoindex(name: string): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  flock(fd: number, operation: number): number;
  close(fd: number): number;
  /** Of the calling process's own memory: only for mappings that it knows. */
  madvise(address: bigint, length: bigint, advice: number): number;
  strerror(errno: number): string;
}

let loaded: Libc | undefined;

/**
 * Binds libc on first use: `null` is the program itself, and node is linked with the libc of its system (glibc or musl).
 * @throws CaptureError CAPTURE_PLATFORM where the layouts of this folder do not hold.
 */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  if (process.platform !== "linux" || endianness() !== "LE") {
    const platform = `${process.platform} ${process.arch}`;
    throw new CaptureError(
      { code: "CAPTURE_PLATFORM", platform },
      `flows can be captured on little-endian Linux only, this is ${platform}: run the agent on a Linux machine`,
    );
  }
  const program = koffi.load(null);
  return {
    socket: program.func("int socket(int, int, int)"),
    bind: program.func("int bind(int, const void *, uint32_t)"),
    setsockopt: program.func("int setsockopt(int, int, int, const void *, uint32_t)"),
    getsockopt: program.func("int getsockopt(int, int, int, void *, void *)"),
    if_nametoindex: program.func("uint32_t if_nametoindex(const char *)"),
    send: program.func("int64_t send(int, const void *, size_t, int)"),
    recv: program.func("int64_t recv(int, void *, size_t, int)"),
    recvmmsg: program.func("int recvmmsg(int, void *, uint32_t, int, void *)"),
    flock: program.func("int flock(int, int)"),
    close: program.func("int close(int)"),
    madvise: program.func("int madvise(uintptr_t, size_t, int)"),
    strerror: program.func("const char *strerror(int)"),
  };
}

/** errno of the last call of this thread. */
export function errno(): number {
  return koffi.errno();
}

/** Address of the first byte of a buffer that has a backing store of its own. The caller keeps the buffer alive while the kernel may use it. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}
