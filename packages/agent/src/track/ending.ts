/** How a flow ended, and whether it was answered: what the kernel's last words about an entry mean. */
import type { ConntrackRecord } from "../capture/conntrack/record.ts";
import { STATUS_SEEN_REPLY, TCP_CLOSE, TCP_LAST_ACK, TCP_SYN_SENT2, TCP_TIME_WAIT } from "../capture/conntrack/states.ts";
import { type ConntrackTimeouts, stateTimeoutS } from "../capture/timeouts.ts";
import { END_REASON, NO_CODE, SCTP, TCP, VERDICT } from "./codes.ts";

// SCTP_CONNTRACK_* of <linux/netfilter/nf_conntrack_sctp.h>.
const SCTP_CLOSED = 1;
const SCTP_SHUTDOWN_ACK_SENT = 7;

/** After so long without a reply a flow counts as unanswered, though the kernel still waits. */
const UNANSWERED_AFTER_MS = 30_000;

/** Is a TCP connection over in this state, although the kernel keeps the entry for a while? */
export function isOver(tcpState: number): boolean {
  return tcpState >= TCP_TIME_WAIT && tcpState < TCP_SYN_SENT2;
}

/** `finished` (FIN both ways) or `reset`, for a state that is over. */
export function overReason(tcpState: number): number {
  return tcpState === TCP_CLOSE ? END_REASON.reset : END_REASON.finished;
}

/** Why a DESTROY came: a code of END_REASONS. */
export function endReason(record: ConntrackRecord): number {
  if (record.protocol === TCP) {
    if (isOver(record.tcpState)) return overReason(record.tcpState);
    // Both FINs were seen, only the last ACK was not.
    if (record.tcpState === TCP_LAST_ACK) return END_REASON.finished;
    if (isRefused(record)) return END_REASON.reset;
  }
  // SHUTDOWN COMPLETE and ABORT both lead to CLOSED (nf_conntrack_proto_sctp.c): they can't be told apart.
  if (record.protocol === SCTP && (record.sctpState === SCTP_CLOSED || record.sctpState === SCTP_SHUTDOWN_ACK_SENT)) {
    return END_REASON.finished;
  }
  // CTA_TIMEOUT is left out when it is 0 (ctnetlink_dump_timeout with skip_zero): what has time left was deleted before it expired.
  return record.timeoutS > 0 ? END_REASON.removed : END_REASON.timeout;
}

/**
 * When the last packet of a destroyed entry came, ms since 1970. The kernel's stop stamp is when the entry expired, however late it was
 * collected (nf_ct_delete), so the last packet came a whole timeout earlier, less what was left of it. Never after the stop stamp.
 */
export function lastPacketMs(record: ConntrackRecord, timeouts: ConntrackTimeouts, arrivalMs: number): number {
  const stopMs = record.stopUs > 0 ? Math.floor(record.stopUs / 1000) : arrivalMs;
  // A reset that is the only answer removes the entry itself, before a timeout is set (nf_conntrack_tcp_packet).
  if (isRefused(record)) return stopMs;
  return idleSinceMs(record, timeouts, stopMs);
}

/** When the last packet of an entry came, as of `atMs`, by what is left of its timeout. */
export function idleSinceMs(record: ConntrackRecord, timeouts: ConntrackTimeouts, atMs: number): number {
  const timeoutS = stateTimeoutS(timeouts, record);
  if (timeoutS === null) return atMs;
  return atMs - Math.max(timeoutS - Math.max(record.timeoutS, 0), 0) * 1000;
}

/**
 * Was it answered? A code of VERDICTS, NO_CODE while it is not known.
 * @param ended the record is a DESTROY
 * @param ageMs how long the flow has been there
 */
export function verdictOf(record: ConntrackRecord, ended: boolean, ageMs: number): number {
  // The kernel does not mark a reply that is a reset to a SYN: it removes the entry before it would.
  if (record.status & STATUS_SEEN_REPLY) return VERDICT.answered;
  if (!ended) return ageMs >= UNANSWERED_AFTER_MS ? VERDICT.unanswered : NO_CODE;
  return isRefused(record) ? VERDICT.refused : VERDICT.unanswered;
}

/**
 * Was a reset the only answer to the SYN? Then the destination has sent a packet, or (no counters) the state is CLOSE although no reply
 * was marked. Without a packet of the destination the source itself gave up with a reset.
 */
function isRefused(record: ConntrackRecord): boolean {
  if (record.protocol !== TCP || record.status & STATUS_SEEN_REPLY) return false;
  return record.dstPackets > 0 || (record.dstPackets < 0 && record.tcpState === TCP_CLOSE);
}
