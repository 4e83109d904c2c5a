/** What the bits and numbers of a ConntrackRecord mean. */

// IPS_* of <linux/netfilter/nf_conntrack_common.h>: bits of `status`.
export const STATUS_SEEN_REPLY = 1 << 1;
export const STATUS_ASSURED = 1 << 2;
export const STATUS_CONFIRMED = 1 << 3;
export const STATUS_SRC_NAT = 1 << 4;
export const STATUS_DST_NAT = 1 << 5;
export const STATUS_DYING = 1 << 9;

// TCP_CONNTRACK_* of <linux/netfilter/nf_conntrack_tcp.h>: `tcpState`.
export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_CLOSE_WAIT = 5;
export const TCP_LAST_ACK = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
/** A simultaneous open. */
export const TCP_SYN_SENT2 = 9;
