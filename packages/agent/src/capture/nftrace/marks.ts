/**
 * The agent's own rules for what other tables drop: they drop nothing and see no verdict themselves, but mark the first packets of connections to be
 * traced (`meta nftrace`), and the kernel then tells which rule or policy decided on them. After conntrack has looked, before anybody else's filter.
 *
 *   table inet flowtrail_denied {
 *     chain pre { type filter hook prerouting priority -199
 *       iif != lo  ct state invalid,new,untracked  counter name seen  limit rate 200/second burst 200 packets  meta nftrace set 1  counter name traced }
 *     chain out { type filter hook output … oif … }
 *   }
 */
import { CaptureError } from "../errors.ts";
import { EEXIST, EPERM, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from "../netlink/constants.ts";
import { captureError } from "../netlink/errno.ts";
import type { MessageWriter } from "../netlink/writer.ts";
import { NftSocket } from "../nft/nft-socket.ts";
import * as NFT from "../nft/numbers.ts";

const TABLE = "flowtrail_denied";
const SEEN = "seen";
const TRACED = "traced";
const CHAINS = [
  { name: "pre", hook: NFT.HOOK_PREROUTING, device: NFT.META_IIF },
  { name: "out", hook: NFT.HOOK_OUTPUT, device: NFT.META_OIF },
] as const;
/** NF_IP_PRI_CONNTRACK + 1 */
const PRIORITY = -199;
/** A traced packet makes a message for each rule that it passes, of 2 to 4 µs each. */
const TRACED_PER_S = 200;
const LOOPBACK = 1;
/** Bits of `ct state`: NF_CT_STATE_INVALID_BIT, NF_CT_STATE_BIT(IP_CT_NEW), NF_CT_STATE_UNTRACKED_BIT. */
const WANTED_STATES = 1 | 8 | 64;

export class TraceMarks {
  readonly #socket = new NftSocket();
  #isOurs = false;

  /** Owned by our socket: the kernel removes it when the agent ends, however it does. @returns false: another agent's marks are there already. @throws CaptureError */
  add(): boolean {
    this.#socket.open();
    try {
      this.#isOurs = this.#add();
    } finally {
      if (!this.#isOurs) this.#socket.close();
    }
    return this.#isOurs;
  }

  /** First packets that were not traced, as there were too many. @throws CaptureError */
  untraced(): number {
    const packets: Record<string, number> = {};
    if (this.#isOurs)
      this.#socket.dump("nft list counters", NFT.MSG_GETOBJ, (message) => {
        if (message.text(NFT.OBJ_TABLE) === TABLE)
          packets[message.text(NFT.OBJ_NAME)] = message.be64(NFT.OBJ_DATA, NFT.COUNTER_PACKETS);
      });
    return Math.max(0, (packets[SEEN] ?? 0) - (packets[TRACED] ?? 0));
  }

  remove(): void {
    this.#socket.close();
    this.#isOurs = false;
  }

  #add(): boolean {
    const create = NLM_F_CREATE | NLM_F_ACK;
    const refusal = this.#socket.batch(
      (writer) => {
        writer.message(NFT.MSG_NEWTABLE, create | NLM_F_EXCL, 1, NFT.PROTO_INET);
        writer.text(NFT.TABLE_NAME, TABLE);
        writer.be32(NFT.TABLE_FLAGS, NFT.TABLE_F_OWNER);
        for (const [i, name] of [SEEN, TRACED].entries()) {
          writer.message(NFT.MSG_NEWOBJ, create, 2 + i, NFT.PROTO_INET);
          writer.text(NFT.OBJ_TABLE, TABLE);
          writer.text(NFT.OBJ_NAME, name);
          writer.be32(NFT.OBJ_TYPE, NFT.OBJECT_COUNTER);
          writer.nest(NFT.OBJ_DATA, () => undefined);
        }
        for (const [i, { name, hook, device }] of CHAINS.entries()) {
          writer.message(NFT.MSG_NEWCHAIN, create, 4 + i * 2, NFT.PROTO_INET);
          writer.text(NFT.CHAIN_TABLE, TABLE);
          writer.text(NFT.CHAIN_NAME, name);
          writer.nest(NFT.CHAIN_HOOK, () => {
            writer.be32(NFT.HOOK_NUMBER, hook);
            writer.be32(NFT.HOOK_PRIORITY, PRIORITY >>> 0);
          });
          writer.text(NFT.CHAIN_TYPE, "filter");
          writer.message(NFT.MSG_NEWRULE, create | NLM_F_APPEND, 5 + i * 2, NFT.PROTO_INET);
          writer.text(NFT.RULE_TABLE, TABLE);
          writer.text(NFT.RULE_CHAIN, name);
          writer.nest(NFT.RULE_EXPRESSIONS, () => {
            matchWanted(writer, device);
            count(writer, SEEN);
            setTrace(writer);
            count(writer, TRACED);
          });
        }
      },
      3 + CHAINS.length * 2,
    );
    if (refusal === undefined) return true;
    if (refusal.sequence === 1 && (refusal.errno === EEXIST || refusal.errno === EPERM)) return false;
    if (refusal.errno === EPERM) throw captureError(`nft add table inet ${TABLE}`, refusal.errno);
    throw new CaptureError(
      { code: "CAPTURE_NETLINK", call: `nft add table inet ${TABLE}`, errno: refusal.errno },
      `the kernel refused the agent's own trace rules (message ${refusal.sequence}, errno ${refusal.errno}; they need nf_tables and Linux ≥ 5.12): ` +
        "put log rules before your drops instead (capture.denied_rules: off)",
    );
  }
}

function matchWanted(writer: MessageWriter, device: number): void {
  load(writer, "meta", NFT.META_DREG, NFT.META_KEY, device);
  notEqual(writer, hostOrder(LOOPBACK));
  load(writer, "ct", NFT.CT_DREG, NFT.CT_KEY, NFT.CT_STATE);
  expression(writer, "bitwise", () => {
    writer.be32(NFT.BITWISE_SREG, NFT.REG_1);
    writer.be32(NFT.BITWISE_DREG, NFT.REG_1);
    writer.be32(NFT.BITWISE_LEN, 4);
    data(writer, NFT.BITWISE_MASK, hostOrder(WANTED_STATES));
    data(writer, NFT.BITWISE_XOR, hostOrder(0));
  });
  notEqual(writer, hostOrder(0));
}

function setTrace(writer: MessageWriter): void {
  expression(writer, "limit", () => {
    writer.be64(NFT.LIMIT_RATE, TRACED_PER_S);
    writer.be64(NFT.LIMIT_UNIT, 1);
    writer.be32(NFT.LIMIT_BURST, TRACED_PER_S);
  });
  expression(writer, "immediate", () => {
    writer.be32(NFT.IMMEDIATE_DREG, NFT.REG_1);
    data(writer, NFT.IMMEDIATE_DATA, [1]);
  });
  expression(writer, "meta", () => {
    writer.be32(NFT.META_KEY, NFT.META_NFTRACE);
    writer.be32(NFT.META_SREG, NFT.REG_1);
  });
}

function count(writer: MessageWriter, counter: string): void {
  expression(writer, "objref", () => {
    writer.be32(NFT.OBJREF_TYPE, NFT.OBJECT_COUNTER);
    writer.text(NFT.OBJREF_NAME, counter);
  });
}

function load(writer: MessageWriter, name: "meta" | "ct", register: number, key: number, value: number): void {
  expression(writer, name, () => {
    writer.be32(register, NFT.REG_1);
    writer.be32(key, value);
  });
}

function notEqual(writer: MessageWriter, value: readonly number[]): void {
  expression(writer, "cmp", () => {
    writer.be32(NFT.CMP_SREG, NFT.REG_1);
    writer.be32(NFT.CMP_OP, NFT.CMP_NEQ);
    data(writer, NFT.CMP_DATA, value);
  });
}

function expression(writer: MessageWriter, name: string, content: () => void): void {
  writer.nest(NFT.LIST_ELEM, () => {
    writer.text(NFT.EXPR_NAME, name);
    writer.nest(NFT.EXPR_DATA, content);
  });
}

function data(writer: MessageWriter, attribute: number, value: readonly number[]): void {
  writer.nest(attribute, () => writer.raw(NFT.DATA_VALUE, value));
}

/** A register's number, as the kernel keeps it: little-endian, see netlink/libc.ts. */
const hostOrder = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
