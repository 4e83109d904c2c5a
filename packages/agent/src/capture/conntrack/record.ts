/** One conntrack message as the parser leaves it. One instance is reused for all messages: copy what you keep. */

/** 0 = an entry of a dump or an answer to a single question. */
export const EVENT_NONE = 0;
export const EVENT_NEW = 1;
export const EVENT_UPDATE = 2;
export const EVENT_DESTROY = 3;

export class ConntrackRecord {
  /** EVENT_… */
  event = 0;
  /** AF_INET 2 or AF_INET6 10. */
  family = 0;
  /** IANA protocol number. */
  protocol = 0;
  /**
   * Four addresses of four 32-bit words each, host numbers of big-endian words: original source at 0, original destination at 4,
   * reply source at 8, reply destination at 12. An IPv4 address is in the first word of its four, the others are 0.
   */
  readonly words = new Uint32Array(16);
  srcPort = 0;
  dstPort = 0;
  replySrcPort = 0;
  replyDstPort = 0;
  /** −1 where the message has none. */
  icmpType = -1;
  icmpCode = -1;
  icmpId = -1;
  /** Counters of the original (src) and reply (dst) direction: IP bytes and packets; −1 where the kernel did not count. */
  srcBytes = -1;
  srcPackets = -1;
  dstBytes = -1;
  dstPackets = -1;
  /** Kernel stamps in µs since 1970 (fractions kept); 0 where the message has none. */
  startUs = 0;
  stopUs = 0;
  eventUs = 0;
  /**
   * CTA_ID: not unique for ever, nor strictly at one time. Use it together with the tuple, and even then the next connection with the same
   * tuple often has the same id (nf_ct_get_id hashes the tuple and the entry's address in memory): its DESTROY lies between the two.
   */
  id = 0;
  zone = 0;
  mark = 0;
  /** IPS_* bits. */
  status = 0;
  /** TCP_CONNTRACK_* (0–14), −1 where it is no TCP or the message does not say. */
  tcpState = -1;
  /** SCTP_CONNTRACK_*, −1 where it is no SCTP or the message does not say. */
  sctpState = -1;
  /** Seconds until the entry expires; −1 where the message does not say. */
  timeoutS = -1;
}
