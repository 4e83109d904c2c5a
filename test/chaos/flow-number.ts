/** Each flow of the bed has a number, told by its ports: what the kernel, the link and the store say of it can be compared by counting. */

/** In the far namespace, where something answers TCP. */
export const TCP_PORT = 8000;
const FIRST_SOURCE = 10_000;
const UDP_TARGETS = 10_000;
const FIRST_TARGET = 20_000;
const TCP = 6;
const UDP = 17;
/** TCP flows have the numbers below, UDP flows those from here on. */
export const FIRST_UDP = 65_536 - FIRST_SOURCE;

export interface Ports {
  readonly source: number;
  readonly target: number;
}

export const portsOfTcp = (number: number): Ports => ({ source: FIRST_SOURCE + number, target: TCP_PORT });

/** @param n 0 for the first UDP flow */
export function portsOfUdp(n: number): Ports {
  return { source: FIRST_SOURCE + Math.floor(n / UDP_TARGETS), target: FIRST_TARGET + (n % UDP_TARGETS) };
}

/** Null: it is none of the bed's. */
export function numberOf(protocol: number, source: number, target: number): number | null {
  if (source < FIRST_SOURCE) return null;
  if (protocol === TCP) return target === TCP_PORT ? source - FIRST_SOURCE : null;
  const at = target - FIRST_TARGET;
  if (protocol !== UDP || at < 0 || at >= UDP_TARGETS) return null;
  return FIRST_UDP + (source - FIRST_SOURCE) * UDP_TARGETS + at;
}
