/** Numbers of <linux/netfilter/nf_tables.h> and <linux/netfilter.h> that we use. */
import { NFNL_SUBSYS_NFTABLES } from "../netlink/constants.ts";

export const PROTO_INET = 1;

const message = (kind: number): number => (NFNL_SUBSYS_NFTABLES << 8) | kind;
export const MSG_NEWTABLE = message(0);
export const MSG_GETTABLE = message(1);
export const MSG_NEWCHAIN = message(3);
export const MSG_NEWRULE = message(6);
export const MSG_TRACE = message(17);
export const MSG_NEWOBJ = message(18);
export const MSG_GETOBJ = message(19);

export const TABLE_NAME = 1;
export const TABLE_FLAGS = 2;
export const TABLE_F_OWNER = 2;
export const CHAIN_TABLE = 1;
export const CHAIN_NAME = 3;
export const CHAIN_HOOK = 4;
export const CHAIN_TYPE = 7;
export const HOOK_NUMBER = 1;
export const HOOK_PRIORITY = 2;
export const RULE_TABLE = 1;
export const RULE_CHAIN = 2;
export const RULE_EXPRESSIONS = 4;
export const LIST_ELEM = 1;
export const EXPR_NAME = 1;
export const EXPR_DATA = 2;

export const REG_1 = 1;
export const DATA_VALUE = 1;
export const CT_DREG = 1;
export const CT_KEY = 2;
export const CT_STATE = 0;
export const META_DREG = 1;
export const META_KEY = 2;
export const META_SREG = 3;
export const META_IIF = 4;
export const META_OIF = 5;
export const META_NFTRACE = 12;
export const CMP_SREG = 1;
export const CMP_OP = 2;
export const CMP_DATA = 3;
export const CMP_NEQ = 1;
export const BITWISE_SREG = 1;
export const BITWISE_DREG = 2;
export const BITWISE_LEN = 3;
export const BITWISE_MASK = 4;
export const BITWISE_XOR = 5;
export const LIMIT_RATE = 1;
export const LIMIT_UNIT = 2;
export const LIMIT_BURST = 3;
export const IMMEDIATE_DREG = 1;
export const IMMEDIATE_DATA = 2;

export const HOOK_PREROUTING = 0;
export const HOOK_OUTPUT = 3;

export const OBJ_TABLE = 1;
export const OBJ_NAME = 2;
export const OBJ_TYPE = 3;
export const OBJ_DATA = 4;
export const OBJECT_COUNTER = 1;
export const COUNTER_PACKETS = 2;
export const OBJREF_TYPE = 1;
export const OBJREF_NAME = 2;

export const TRACE_TABLE = 1;
export const TRACE_CHAIN = 2;
export const TRACE_RULE_HANDLE = 3;
export const TRACE_TYPE = 4;
export const TRACE_VERDICT = 5;
export const TRACE_ID = 6;
export const TRACE_NETWORK_HEADER = 8;
export const TRACE_TRANSPORT_HEADER = 9;
export const TRACE_POLICY = 16;
export const TRACETYPE_POLICY = 1;
export const TRACETYPE_RULE = 3;
export const VERDICT_CODE = 1;
/** NF_DROP */
export const DROP = 0;
