/**
 * What the bits and numbers of a ConntrackRecord mean, and what they say of how a connection ended. Seen on Linux 6.18 on both ends and on a
 * gateway (capture.test.ts, "ends"):
 *
 * | end | events after NEW | DESTROY: status | tcpState | dst counters | timeoutS |
 * |---|---|---|---|---|---|
 * | TCP refused (a reset answers the SYN) | DESTROY at once | not SEEN_REPLY | CLOSE | 1 packet, 40 B (IPv6: 60 B) | what was left: that of SYN_SENT |
 * | TCP filtered, dead host | DESTROY on timeout | not SEEN_REPLY | SYN_SENT | 0 | −1 |
 * | TCP finished by FIN both ways | UPDATE TIME_WAIT, DESTROY on timeout | SEEN_REPLY, ASSURED | TIME_WAIT | counted | −1 |
 * | TCP reset by either side once established | UPDATE CLOSE, DESTROY on timeout | SEEN_REPLY, ASSURED | CLOSE | counted | −1 |
 * | TCP reset by the initiator after the SYN-ACK (a half-open scan) | UPDATE CLOSE, DESTROY on timeout | SEEN_REPLY, not ASSURED | CLOSE | SYN-ACK | −1 |
 * | reset that answers a packet in the middle of a connection that the kernel did not know | DESTROY at once | not SEEN_REPLY | CLOSE | 1 packet | left of 300; its NEW said ESTABLISHED, not SYN_SENT |
 * | port of a connection in TIME_WAIT used again | DESTROY of the old one at once, then NEW | as it was | TIME_WAIT | counted | what was left |
 * | UDP, ICMP: timeout | DESTROY on timeout | SEEN_REPLY if answered; UDP streams ASSURED | −1 | counted | −1 |
 * | UDP to a closed port | DESTROY on timeout | not SEEN_REPLY | −1 | 0: ICMP errors are not counted | −1 |
 * | removed by hand (`conntrack -D`, `-F`) | DESTROY at once | as it was | as it was | counted | what was left |
 *
 * All DESTROYs have IPS_DYING. Counters are there if accounting was on when the connection began, whatever the end. On timeout `stopUs` is
 * when the entry expired, not when the kernel noticed (that is `eventUs`): `stopUs` minus the state's timeout is the last packet. A timeout of
 * 0 s is left out by the kernel, so `timeoutS` ≥ 1 means that the entry was removed before its time, and −1 that it expired (or had less than
 * a second left). Expired entries wait for the kernel's garbage collector, which can take a minute; a dump removes them at once
 * (ctnetlink_dump_table), so their DESTROY follows each dump.
 */

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
