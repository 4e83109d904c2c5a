/**
 * Switches connection tracking on in this network namespace: a table of our own with one rule that mentions `ct`, in a chain without a hook.
 * No packet ever runs through it; that the rule exists is enough for the kernel to register its tracking hooks (nf_ct_netns_get, called when
 * nft_ct is initialised). `inet` covers IPv4 and IPv6.
 */
import { CaptureError } from "./errors.ts";
import { EEXIST, ENOENT, EPERM, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from "./netlink/constants.ts";
import { captureError } from "./netlink/errno.ts";
import { NftSocket, type Refusal } from "./nft/nft-socket.ts";
import * as NFT from "./nft/numbers.ts";

const TABLE = "flowtrail";
const CHAIN = "track";
/** Agents in one namespace: `flowtrail`, `flowtrail-2`, … */
const MAX_TABLES = 64;

/**
 * The table is owned by our netlink socket (Linux ≥ 5.12): `nft flush ruleset` of others passes over it, and the kernel removes it when the
 * socket closes, also by kill -9. So a living agent is always recognised by its table, and a dead one leaves nothing behind.
 */
export class TrackingTable {
  readonly #socket = new NftSocket();
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
        const refusal = this.#socket.batch((writer) => {
          writer.message(NFT.MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1, NFT.PROTO_INET);
          writer.text(NFT.TABLE_NAME, name);
          writer.be32(NFT.TABLE_FLAGS, NFT.TABLE_F_OWNER);
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
    const refusal = this.#socket.batch((writer) => {
      writer.message(NFT.MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, 1, NFT.PROTO_INET);
      writer.text(NFT.CHAIN_TABLE, table);
      writer.text(NFT.CHAIN_NAME, CHAIN);
      writer.message(NFT.MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, 2, NFT.PROTO_INET);
      writer.text(NFT.RULE_TABLE, table);
      writer.text(NFT.RULE_CHAIN, CHAIN);
      writer.nest(NFT.RULE_EXPRESSIONS, () =>
        writer.nest(NFT.LIST_ELEM, () => {
          writer.text(NFT.EXPR_NAME, "ct");
          writer.nest(NFT.EXPR_DATA, () => {
            writer.be32(NFT.CT_DREG, NFT.REG_1);
            writer.be32(NFT.CT_KEY, NFT.CT_STATE);
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
    const names: string[] = [];
    this.#socket.dump("nft list tables", NFT.MSG_GETTABLE, (message) => {
      const name = message.text(NFT.TABLE_NAME);
      const owned = (message.be32(NFT.TABLE_FLAGS) & NFT.TABLE_F_OWNER) !== 0;
      if (owned && name !== this.#name && isOurs(name)) names.push(name);
    });
    return names;
  }

  /** The kernel removes the table with its socket. Tracking ends, unless somebody else's rules need it. */
  close(): void {
    this.#socket.close();
    this.#name = "";
  }
}

function isOurs(name: string): boolean {
  return name === TABLE || /^flowtrail-\d+$/.test(name);
}

function trackingError(call: string, refusal: Refusal): CaptureError {
  if (refusal.errno === EPERM) return captureError(call, refusal.errno);
  return new CaptureError(
    { code: "CAPTURE_NO_TRACKING", call, errno: refusal.errno },
    `can't switch connection tracking on with an nftables table of our own (needs nf_tables and Linux ≥ 5.12): keep any rule with a ct expression ` +
      `in this namespace, such as \`nft add table inet t; nft add chain inet t c; nft add rule inet t c ct state new\`, and start the agent with ` +
      `tracking off. ${call}: errno ${refusal.errno}`,
  );
}
