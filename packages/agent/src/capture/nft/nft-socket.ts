/** A netlink socket that speaks with nftables. The tables that it owns (NFT_TABLE_F_OWNER) go with it. */
import { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES, NLM_F_DUMP, NLMSG_ERROR } from "../netlink/constants.ts";
import { captureError } from "../netlink/errno.ts";
import { forEachMessage, type Message } from "../netlink/messages.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { MessageWriter } from "../netlink/writer.ts";
import { PROTO_INET } from "./numbers.ts";

export interface Refusal {
  /** Of the message that was refused; 0: the transaction itself. */
  readonly sequence: number;
  readonly errno: number;
}

export class NftSocket {
  readonly #socket = new NetlinkSocket();
  readonly #writer = new MessageWriter(2048);
  readonly #answer = Buffer.allocUnsafeSlow(65536);

  /** @throws CaptureError */
  open(): void {
    this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends one transaction and collects its acknowledgements. Returns the first refusal. @throws CaptureError */
  batch(content: (writer: MessageWriter) => void, acknowledgements: number): Refusal | undefined {
    const writer = this.#writer;
    writer.reset();
    writer.message(NFNL_MSG_BATCH_BEGIN, 0, 0, 0, NFNL_SUBSYS_NFTABLES);
    content(writer);
    writer.message(NFNL_MSG_BATCH_END, 0, acknowledgements + 1, 0, NFNL_SUBSYS_NFTABLES);
    this.#socket.send(writer.bytes());
    let refusal: Refusal | undefined;
    for (let left = acknowledgements; left > 0; ) {
      const length = this.#receive("recv(nft)");
      forEachMessage(this.#answer, length, (message) => {
        if (message.type !== NLMSG_ERROR) return true;
        const errno = message.errno();
        if (errno > 0) refusal ??= { sequence: message.sequence, errno };
        // A refusal of the batch as a whole is the only answer.
        left = message.sequence === 0 ? 0 : left - 1;
        return true;
      });
    }
    return refusal;
  }

  /** @param call what is asked, for an error @throws CaptureError */
  dump(call: string, type: number, visit: (message: Message) => void): void {
    this.#writer.reset();
    this.#writer.message(type, NLM_F_DUMP, 1, PROTO_INET);
    this.#socket.send(this.#writer.bytes());
    for (let done = false; !done; ) {
      const length = this.#receive(`recv(${call})`);
      done = !forEachMessage(this.#answer, length, (message) => {
        const errno = message.errno();
        if (errno > 0) throw captureError(call, errno);
        if (message.isEnd) return false;
        visit(message);
        return true;
      });
    }
  }

  #receive(call: string): number {
    const length = this.#socket.receive(this.#answer);
    if (length < 0) throw captureError(call, -length);
    return length;
  }
}
