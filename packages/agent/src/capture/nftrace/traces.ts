/**
 * From the kernel's traces to what was dropped: each base chain tells the packet's headers once, then each rule that it passed, then a verdict. Pure:
 * datagrams in, drops out; what it remembers is bounded.
 */
import { forEachMessage, type Message } from "../netlink/messages.ts";
import * as NFT from "../nft/numbers.ts";

/** A packet that was dropped. */
export interface TracedDrop {
  /** From its IP header on: what the trace tells of it. */
  readonly headers: Uint8Array;
  /** Where, by table and chain: `fw input handle 7` (as `nft -a list ruleset` tells it), `filter FORWARD policy`. */
  readonly rule: string;
}

/** Packets on their way through the chains at one time. */
const MAX_PACKETS = 512;

export class Traces {
  /** By the trace's number, in the order in which they were first seen. */
  readonly #headers = new Map<number, Uint8Array>();

  /** Calls `visit` for each packet that was dropped. Returns how many messages there were. */
  read(datagram: Buffer, length: number, visit: (drop: TracedDrop) => void): number {
    let messages = 0;
    forEachMessage(datagram, Math.min(length, datagram.length), (message) => {
      if (message.type !== NFT.MSG_TRACE) return true;
      messages++;
      this.#readTrace(message, visit);
      return true;
    });
    return messages;
  }

  #readTrace(message: Message, visit: (drop: TracedDrop) => void): void {
    const id = message.be32(NFT.TRACE_ID);
    const network = message.bytes(NFT.TRACE_NETWORK_HEADER);
    if (network !== undefined) this.#remember(id, headersOf(network, message.bytes(NFT.TRACE_TRANSPORT_HEADER)));
    const place = dropPlace(message);
    if (place === null) return;
    const headers = this.#headers.get(id);
    this.#headers.delete(id);
    if (headers !== undefined) visit({ headers, rule: place });
  }

  #remember(id: number, headers: Uint8Array): void {
    this.#headers.delete(id);
    this.#headers.set(id, headers);
    if (this.#headers.size <= MAX_PACKETS) return;
    for (const oldest of this.#headers.keys()) {
      this.#headers.delete(oldest);
      break;
    }
  }
}

/** Null: it was not dropped here. */
function dropPlace(message: Message): string | null {
  const type = message.be32(NFT.TRACE_TYPE);
  const at = () => `${message.text(NFT.TRACE_TABLE)} ${message.text(NFT.TRACE_CHAIN)}`;
  if (type === NFT.TRACETYPE_POLICY) {
    const policy = message.bytes(NFT.TRACE_POLICY);
    return policy !== undefined && policy.length >= 4 && policy.readUInt32BE(0) === NFT.DROP ? `${at()} policy` : null;
  }
  const verdict = message.bytes(NFT.TRACE_VERDICT, NFT.VERDICT_CODE);
  if (type !== NFT.TRACETYPE_RULE || verdict === undefined || verdict.length < 4) return null;
  // The upper half holds an errno, the lower one the verdict (NF_VERDICT_MASK).
  const isDrop = verdict.readInt32BE(0) >= 0 && (verdict.readUInt32BE(0) & 0xff) === NFT.DROP;
  return isDrop ? `${at()} handle ${message.be64(NFT.TRACE_RULE_HANDLE)}` : null;
}

/** The kernel tells up to 40 bytes from the IP header on and up to 20 of the transport's, which need not follow at once. */
function headersOf(network: Buffer, transport: Buffer | undefined): Uint8Array {
  const version = (network[0] ?? 0) >> 4;
  const headerBytes = version === 4 ? ((network[0] ?? 0) & 15) * 4 : 40;
  if (transport === undefined || headerBytes > network.length) return Uint8Array.from(network);
  return Uint8Array.from(Buffer.concat([network.subarray(0, headerBytes), transport]));
}
