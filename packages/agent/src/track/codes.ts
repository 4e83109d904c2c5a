/** The words of the column table as the small numbers that the flow table keeps: a word's code is its place in the column's list. */
import { DIRECTIONS, DOMAIN_SOURCES, END_REASONS, ROLES, STATES, VERDICTS } from "@flowtrail/model";

function codes<W extends string>(words: readonly W[]): Readonly<Record<W, number>> {
  return Object.fromEntries(words.map((word, code) => [word, code])) as Record<W, number>;
}

export const DIRECTION = codes(DIRECTIONS);
export const ROLE = codes(ROLES);
export const DOMAIN_SOURCE = codes(DOMAIN_SOURCES);
export const STATE = codes(STATES);
export const END_REASON = codes(END_REASONS);
export const VERDICT = codes(VERDICTS);

/** In the place of a code: the column is null. */
export const NO_CODE = 255;

// IANA protocol numbers that are treated in a way of their own.
const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
const DCCP = 33;
const ICMPV6 = 58;
export const SCTP = 132;
const UDP_LITE = 136;

/** Protocols whose tuple has ports. (GRE's tuple has call ids in their place.) */
export function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP || protocol === DCCP || protocol === UDP_LITE;
}

export function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}
