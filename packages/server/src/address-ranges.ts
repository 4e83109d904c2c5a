import { type Cidr, cidrContains, parseAddress, parseCidr } from "@flowtrail/model";

/** Whether an address, as a socket tells it, is in one of these ranges. */
export function heldBy(ranges: readonly string[]): (address: string | undefined) => boolean {
  const cidrs = ranges.map(parseCidr).filter((cidr): cidr is Cidr => cidr !== null);
  return (address) => {
    // An address of one link only says which one: fe80::1%eth0.
    const bytes = parseAddress((address ?? "").replace(/%.*$/, ""));
    return bytes !== null && cidrs.some((cidr) => cidrContains(cidr, bytes));
  };
}
