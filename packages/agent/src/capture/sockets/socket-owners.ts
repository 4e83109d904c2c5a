/** Which local socket a connection belongs to, and whose it is: NETLINK_SOCK_DIAG's exact question (inet_diag_get_exact in net/ipv4/inet_diag.c). */
import { AF_INET, AF_INET6, NETLINK_SOCK_DIAG, NLM_F_REQUEST, NLMSG_ERROR } from "../netlink/constants.ts";
import { captureError } from "../netlink/errno.ts";
import { NetlinkSocket } from "../netlink/socket.ts";

/** <linux/sock_diag.h> */
const SOCK_DIAG_BY_FAMILY = 20;
// struct nlmsghdr and struct inet_diag_req_v2 { u8 family, protocol, ext, pad; u32 states; struct inet_diag_sockid }.
const HEADER = 16;
const REQUEST_BYTES = HEADER + 56;
/** In struct inet_diag_msg, after four bytes, the socket's id of 48 and four words: uid, inode. */
const UID = HEADER + 64;
const INODE = HEADER + 68;
const V4_AT = 12;
const UDP = 17;

export interface SocketOwner {
  readonly uid: number;
  /** As in /proc/PID/fd. */
  readonly inode: number;
}

export class SocketOwners {
  readonly #request = Buffer.alloc(REQUEST_BYTES);
  readonly #answer = Buffer.alloc(8192);
  #socket: NetlinkSocket | undefined;
  #sequence = 0;

  /**
   * The owner of the socket with this local end (bytes from `localAt`, 16, IPv4 mapped) and far end: null if there is none any more, or not yet:
   * a socket in TIME_WAIT or SYN_RECV has no owner. About 8 µs; needs no capability.
   * @throws CaptureError if the kernel has no sock_diag
   */
  find(
    protocol: number,
    bytes: Uint8Array,
    localAt: number,
    localPort: number,
    farAt: number,
    farPort: number,
  ): SocketOwner | null {
    const socket = this.#open();
    const { length } = this.#request;
    this.#request.fill(0);
    this.#request.writeUInt32LE(length, 0);
    this.#request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
    this.#request.writeUInt16LE(NLM_F_REQUEST, 6);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#request.writeUInt32LE(this.#sequence, 8);
    const isV4 = bytes[localAt + 10] === 0xff && bytes[localAt + 11] === 0xff && bytes[localAt] === 0;
    this.#request[HEADER] = isV4 ? AF_INET : AF_INET6;
    this.#request[HEADER + 1] = protocol;
    this.#request.writeUInt32LE(0xffffffff, HEADER + 4);
    // Of UDP the kernel wants to know as if a packet had come from there: the far end as the source (udp_dump_one in net/ipv4/udp_diag.c).
    const [sourceAt, sourcePort, destinationAt, destinationPort] =
      protocol === UDP ? [farAt, farPort, localAt, localPort] : [localAt, localPort, farAt, farPort];
    this.#request.writeUInt16BE(sourcePort, HEADER + 8);
    this.#request.writeUInt16BE(destinationPort, HEADER + 10);
    const from = isV4 ? V4_AT : 0;
    this.#request.set(bytes.subarray(sourceAt + from, sourceAt + 16), HEADER + 12);
    this.#request.set(bytes.subarray(destinationAt + from, destinationAt + 16), HEADER + 28);
    this.#request.fill(0xff, HEADER + 48); // INET_DIAG_NOCOOKIE
    socket.send(this.#request);
    return this.#receive(socket);
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #receive(socket: NetlinkSocket): SocketOwner | null {
    const answer = this.#answer;
    for (;;) {
      const length = socket.receive(answer);
      if (length < 0) throw captureError("recv(sock_diag)", -length);
      if (answer.readUInt32LE(8) !== this.#sequence) continue;
      // ENOENT; or a kernel without the protocol's diag module: nobody is known either way.
      if (answer.readUInt16LE(4) === NLMSG_ERROR || length < INODE + 4) return null;
      const inode = answer.readUInt32LE(INODE);
      return inode === 0 ? null : { uid: answer.readUInt32LE(UID), inode };
    }
  }

  #open(): NetlinkSocket {
    if (this.#socket) return this.#socket;
    const socket = new NetlinkSocket({ family: NETLINK_SOCK_DIAG });
    socket.open();
    this.#socket = socket;
    return socket;
  }
}
