/** Effective capabilities, as /proc/PID/status tells them: proc(5); the numbers are those of <linux/capability.h>. */
export const NET_ADMIN = 12n;
export const NET_RAW = 13n;

export function hasCapability(status: string, capability: bigint): boolean {
  return ((effective(status) >> capability) & 1n) === 1n;
}

/** True if there are others than the two that an agent needs. */
export function hasMoreThanNeeded(status: string): boolean {
  return (effective(status) & ~((1n << NET_ADMIN) | (1n << NET_RAW))) !== 0n;
}

function effective(status: string): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return BigInt(`0x${mask ?? "0"}`);
}
