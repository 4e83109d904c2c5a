import { formatAddress, isV4Mapped, parseAddress } from "@flowtrail/model";

/** Addresses that one machine has for the asking count as one: of IPv6 the /64. */
export function addressGroup(address: string): string {
  const bytes = parseAddress(address);
  if (bytes === null || isV4Mapped(bytes)) return address;
  return `${formatAddress(bytes.slice().fill(0, 8))}/64`;
}
