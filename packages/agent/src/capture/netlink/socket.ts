/** A netlink socket: of the netfilter family, unless another one is wanted. */
import { readlinkSync } from "node:fs";
import {
  AF_NETLINK,
  MSG_DONTWAIT,
  NETLINK_NETFILTER,
  SO_ATTACH_FILTER,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
} from "./constants.ts";
import { captureError } from "./errno.ts";
import { errno, type Libc, libc } from "./libc.ts";
import { filterOption, intOption } from "./socket-options.ts";

export interface NetlinkSocketOptions {
  /** NETLINK_…; NETLINK_NETFILTER if it is left out. */
  family?: number;
  /** NFNLGRP_… numbers to listen to. */
  groups?: readonly number[];
  /** SO_RCVBUFFORCE. The kernel doubles it and charges 1,280 B per conntrack event. Memory is used only while events wait. */
  receiveBufferBytes?: number;
  /** A classic BPF program: 8 bytes per instruction. */
  filter?: Uint8Array;
}

const SOCKADDR_NL_BYTES = 12;

export class NetlinkSocket {
  readonly #options: NetlinkSocketOptions;
  readonly #libc: Libc;
  #fd = -1;

  constructor(options: NetlinkSocketOptions = {}) {
    this.#options = options;
    this.#libc = libc();
  }

  get fd(): number {
    return this.#fd;
  }

  /** @throws CaptureError when the kernel lacks the family or we lack CAP_NET_ADMIN. */
  open(): void {
    const { family = NETLINK_NETFILTER, groups = [], receiveBufferBytes, filter } = this.#options;
    this.#fd = this.#libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, family);
    if (this.#fd < 0)
      throw captureError(`socket(AF_NETLINK, ${family === NETLINK_NETFILTER ? "NETLINK_NETFILTER" : family})`, errno());
    try {
      if (receiveBufferBytes !== undefined) this.#setOption("SO_RCVBUFFORCE", SO_RCVBUFFORCE, intOption(receiveBufferBytes));
      // Before the groups are joined: no unfiltered event may slip in.
      if (filter) this.#setOption("SO_ATTACH_FILTER", SO_ATTACH_FILTER, filterOption(filter));
      this.#bind(groups);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The kernel answers within the call, so an answer can be received at once. @throws CaptureError */
  send(message: Uint8Array): void {
    if (this.#libc.send(this.#fd, message, message.length, 0) < 0) throw captureError("send(netlink)", errno());
  }

  /** One datagram, without waiting. Returns its length, or a negative errno. */
  receive(into: Uint8Array): number {
    const length = this.#libc.recv(this.#fd, into, into.length, MSG_DONTWAIT);
    return length < 0 ? -errno() : length;
  }

  /** The socket's number in /proc/net/netlink. */
  inode(): string {
    return readlinkSync(`/proc/self/fd/${this.#fd}`).replace(/\D/g, "");
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #setOption(name: string, option: number, value: Buffer): void {
    if (this.#libc.setsockopt(this.#fd, SOL_SOCKET, option, value, value.length) < 0)
      throw captureError(`setsockopt(${name})`, errno());
  }

  #bind(groups: readonly number[]): void {
    const address = Buffer.alloc(SOCKADDR_NL_BYTES); // struct sockaddr_nl { u16 family; u16 pad; u32 pid; u32 groups; }
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(groups.reduce((mask, group) => mask | (1 << (group - 1)), 0) >>> 0, 8);
    if (this.#libc.bind(this.#fd, address, SOCKADDR_NL_BYTES) < 0) throw captureError("bind(netlink)", errno());
  }
}
