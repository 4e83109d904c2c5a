/**
 * Switches connection tracking on in this network namespace: a table of our own with one rule that mentions `ct`, in a chain without a hook.
 * No packet ever runs through it; that the rule exists is enough for the kernel to register its tracking hooks (nf_ct_netns_get, called when
 * nft_ct is initialised). `inet` covers IPv4 and IPv6.
 */
import { CaptureError } from "./errors.ts";
import {
  EEXIST,
  ENOENT,
  EPERM,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLMSG_ERROR,
} from "./netlink/constants.ts";
import { captureError } from "./netlink/errno.ts";
import { forEachMessage } from "./netlink/messages.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import { MessageWriter } from "./netlink/writer.ts";

// <linux/netfilter/nf_tables.h>
const NFPROTO_INET = 1;
const NFT_MSG_NEWTABLE = (NFNL_SUBSYS_NFTABLES << 8) | 0;
const NFT_MSG_GETTABLE = (NFNL_SUBSYS_NFTABLES << 8) | 1;
const NFT_MSG_NEWCHAIN = (NFNL_SUBSYS_NFTABLES << 8) | 3;
const NFT_MSG_NEWRULE = (NFNL_SUBSYS_NFTABLES << 8) | 6;
const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_FLAGS = 2;
const NFT_TABLE_F_OWNER = 2;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_CT_DREG = 1;
const NFTA_CT_KEY = 2;
const NFT_REG_1 = 1;
const NFT_CT_STATE = 0;

const TABLE = "flowtrail";
const CHAIN = "track";
/** Agents in one namespace: `flowtrail`, `flowtrail-2`, … */
const MAX_TABLES = 64;

/**
 * The table is owned by our netlink socket (Linux ≥ 5.12): `nft flush ruleset` of others passes over it, and the kernel removes it when the
 * socket closes, also by kill -9. So a living agent is always recognised by its table, and a dead one leaves nothing behind.
 */
export class TrackingTable {
  readonly #socket = new NetlinkSocket();
  readonly #writer = new MessageWriter(1024);
  readonly #answer = Buffer.allocUnsafeSlow(65536);
  #name = "";

  /** `flowtrail`, or with a number if other agents run in this namespace. Empty before `claim`. */
  get name(): string {
    return this.#name;
  }

  /** Makes the empty table: from here on others see that we are here. @throws CaptureError CAPTURE_NO_TRACKING, CAPTURE_NO_PRIVILEGE */
  claim(): void {
    this.#socket.open();
    try {
      for (let i = 1; i <= MAX_TABLES; i++) {
        const name = i === 1 ? TABLE : `${TABLE}-${i}`;
        const refusal = this.#batch(() => {
          this.#writer.message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1, NFPROTO_INET);
          this.#writer.text(NFTA_TABLE_NAME, name);
          this.#writer.be32(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
        }, 1);
        if (!refusal) {
          this.#name = name;
          return;
        }
        // A table that another socket owns answers EPERM, one without an owner EEXIST. At the batch itself (0), EPERM means: no CAP_NET_ADMIN.
        const taken = refusal.errno === EEXIST || (refusal.errno === EPERM && refusal.sequence === 1);
        if (!taken) throw trackingError(`nft add table inet ${name}`, refusal);
      }
      throw trackingError(`nft add table inet ${TABLE}`, { sequence: 1, errno: EEXIST });
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Adds the rule that switches tracking on, if it was not on. @throws CaptureError */
  enable(): void {
    const table = this.#name;
    const refusal = this.#batch(() => {
      const writer = this.#writer;
      writer.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, 1, NFPROTO_INET);
      writer.text(NFTA_CHAIN_TABLE, table);
      writer.text(NFTA_CHAIN_NAME, CHAIN);
      writer.message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, 2, NFPROTO_INET);
      writer.text(NFTA_RULE_TABLE, table);
      writer.text(NFTA_RULE_CHAIN, CHAIN);
      writer.nest(NFTA_RULE_EXPRESSIONS, () =>
        writer.nest(NFTA_LIST_ELEM, () => {
          writer.text(NFTA_EXPR_NAME, "ct");
          writer.nest(NFTA_EXPR_DATA, () => {
            writer.be32(NFTA_CT_DREG, NFT_REG_1);
            writer.be32(NFTA_CT_KEY, NFT_CT_STATE);
          });
        }),
      );
    }, 2);
    if (!refusal) return;
    // The kernel knows no expression called "ct".
    if (refusal.errno === ENOENT) throw captureError(`nft add rule inet ${table} ${CHAIN} ct state`, refusal.errno);
    throw trackingError(`nft add rule inet ${table} ${CHAIN} ct state`, refusal);
  }

  /** Names of the tables of other living agents in this namespace. @throws CaptureError */
  others(): string[] {
    this.#writer.reset();
    this.#writer.message(NFT_MSG_GETTABLE, NLM_F_DUMP, 1, NFPROTO_INET);
    this.#socket.send(this.#writer.bytes());
    const names: string[] = [];
    let done = false;
    while (!done) {
      const length = this.#receive("recv(nft list tables)");
      done = !forEachMessage(this.#answer, length, (message) => {
        const errno = message.errno();
        if (errno > 0) throw captureError("nft list tables", errno);
        if (message.isEnd) return false;
        const name = message.text(NFTA_TABLE_NAME);
        const owned = (message.be32(NFTA_TABLE_FLAGS) & NFT_TABLE_F_OWNER) !== 0;
        if (owned && name !== this.#name && isOurs(name)) names.push(name);
        return true;
      });
    }
    return names;
  }

  /** The kernel removes the table with its socket. Tracking ends, unless somebody else's rules need it. */
  close(): void {
    this.#socket.close();
    this.#name = "";
  }

  /** Sends one transaction and collects its acknowledgements. Returns the first refusal. */
  #batch(content: () => void, acknowledgements: number): { sequence: number; errno: number } | undefined {
    this.#writer.reset();
    this.#writer.message(NFNL_MSG_BATCH_BEGIN, 0, 0, 0, NFNL_SUBSYS_NFTABLES);
    content();
    this.#writer.message(NFNL_MSG_BATCH_END, 0, acknowledgements + 1, 0, NFNL_SUBSYS_NFTABLES);
    this.#socket.send(this.#writer.bytes());
    let refusal: { sequence: number; errno: number } | undefined;
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

  #receive(call: string): number {
    const length = this.#socket.receive(this.#answer);
    if (length < 0) throw captureError(call, -length);
    return length;
  }
}

function isOurs(name: string): boolean {
  return name === TABLE || /^flowtrail-\d+$/.test(name);
}

function trackingError(call: string, refusal: { sequence: number; errno: number }): CaptureError {
  if (refusal.errno === EPERM) return captureError(call, refusal.errno);
  return new CaptureError(
    { code: "CAPTURE_NO_TRACKING", call, errno: refusal.errno },
    `can't switch connection tracking on with an nftables table of our own (needs nf_tables and Linux ≥ 5.12): keep any rule with a ct expression ` +
      `in this namespace, such as \`nft add table inet t; nft add chain inet t c; nft add rule inet t c ct state new\`, and start the agent with ` +
      `tracking off. ${call}: errno ${refusal.errno}`,
  );
}
