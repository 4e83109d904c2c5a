/** A cooked packet socket on one interface: what the filter keeps of its traffic, in both directions. */
import { CaptureError } from "../errors.ts";
import {
  AF_PACKET,
  EACCES,
  EPERM,
  ETH_P_ALL,
  PACKET_STATISTICS,
  SO_ATTACH_FILTER,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_PACKET,
  SOL_SOCKET,
} from "../netlink/constants.ts";
import { errno, type Libc, libc } from "../netlink/libc.ts";
import { filterOption, intOption } from "../netlink/socket-options.ts";

const SOCKADDR_LL_BYTES = 20;

export interface PacketSocketOptions {
  /** A classic BPF program: 8 bytes per instruction. */
  readonly filter: Uint8Array;
  /** The kernel doubles it. Memory is used only while packets wait. */
  readonly receiveBufferBytes: number;
}

export class PacketSocket {
  readonly interfaceIndex: number;
  readonly #options: PacketSocketOptions;
  readonly #libc: Libc;
  #fd = -1;
  #drops = 0;

  constructor(interfaceIndex: number, options: PacketSocketOptions) {
    this.interfaceIndex = interfaceIndex;
    this.#options = options;
    this.#libc = libc();
  }

  get fd(): number {
    return this.#fd;
  }

  /** @throws CaptureError without CAP_NET_RAW, or if there is no such interface */
  open(): void {
    // Protocol 0: nothing is received until it is bound, and then nothing that the filter has not seen.
    this.#fd = this.#libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (this.#fd < 0) throw packetError("socket(AF_PACKET)", errno());
    try {
      this.setReceiveBuffer(this.#options.receiveBufferBytes);
      this.#setOption("SO_TIMESTAMPNS", SO_TIMESTAMPNS, intOption(1));
      this.#setOption("SO_ATTACH_FILTER", SO_ATTACH_FILTER, filterOption(this.#options.filter));
      this.#bind();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Packets that the kernel dropped since `open`, as the queue was full. */
  readDrops(): number {
    if (this.#fd < 0) return this.#drops;
    const stats = Buffer.alloc(8); // struct tpacket_stats { u32 packets; u32 drops; }, set to 0 by reading
    if (this.#libc.getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, stats, intOption(stats.length)) === 0)
      this.#drops += stats.readUInt32LE(4);
    return this.#drops;
  }

  close(): void {
    if (this.#fd < 0) return;
    this.readDrops();
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  /** Of an open socket. Beyond net.core.rmem_max only with CAP_NET_ADMIN; else what that allows has to do. */
  setReceiveBuffer(bytes: number): void {
    if (this.#libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, intOption(bytes), 4) < 0)
      this.#setOption("SO_RCVBUF", SO_RCVBUF, intOption(bytes));
  }

  #setOption(name: string, option: number, value: Buffer): void {
    if (this.#libc.setsockopt(this.#fd, SOL_SOCKET, option, value, value.length) < 0)
      throw packetError(`setsockopt(${name})`, errno());
  }

  #bind(): void {
    const address = Buffer.alloc(SOCKADDR_LL_BYTES); // struct sockaddr_ll { u16 family; be16 protocol; i32 ifindex; … }
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(this.interfaceIndex, 4);
    if (this.#libc.bind(this.#fd, address, SOCKADDR_LL_BYTES) < 0) throw packetError("bind(AF_PACKET)", errno());
  }
}

export function packetError(call: string, reason: number): CaptureError {
  const said = `${call}: ${libc().strerror(reason)} (errno ${reason})`;
  if (reason === EPERM || reason === EACCES) {
    return new CaptureError(
      { code: "CAPTURE_NO_PRIVILEGE", call, errno: reason },
      "names need CAP_NET_RAW: run the agent as root, with `AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW` in its systemd unit, " +
        `or in a container with \`--cap-add NET_RAW\`; or switch names off. ${said}`,
    );
  }
  return new CaptureError({ code: "CAPTURE_NETLINK", call, errno: reason }, `the kernel refused ${said}`);
}
