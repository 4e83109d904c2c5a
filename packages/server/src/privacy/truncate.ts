/** Addresses of the internet without what names one host: the /24 of IPv4, the /48 of IPv6. */
import {
  ADDRESS_BYTES,
  type AddressColumn,
  type Cidr,
  cidrContains,
  type FlowBatch,
  formatAddress,
  isLinkLocal,
  isLoopback,
  parseCidr,
  truncateAddress,
} from "@flowtrail/model";

/** Addresses of nobody on the internet (RFC 1918, 6598, 4193): translated ones are those of our own gateways and LANs. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map(
  (text) => parseCidr(text) as Cidr,
);

/**
 * Cuts the addresses of external ends, and the names that are made of them.
 * @param isWanted of a network
 * @param ranges of a network: its own addresses are nobody's on the internet, whatever they look like
 */
export function truncateRows(
  { columns, length }: FlowBatch,
  isWanted: (network: string) => boolean,
  ranges: (network: string) => readonly Cidr[],
): void {
  const { network, src_type, src_ip, src_id, src_name, dst_type, dst_ip, dst_id, dst_name, nat_src_ip, nat_dst_ip } = columns;
  for (let row = 0; row < length; row++) {
    const where = network.get(row) ?? "";
    if (!isWanted(where)) continue;
    for (const [type, ip, id, name] of [
      [src_type, src_ip, src_id, src_name],
      [dst_type, dst_ip, dst_id, dst_name],
    ] as const) {
      if (type.get(row) !== "external") continue;
      truncateAddress(ip.bytes, row * ADDRESS_BYTES);
      for (const text of [id, name]) if (text.has(row)) text.set(row, formatAddress(ip.bytes, row * ADDRESS_BYTES));
    }
    for (const column of [nat_src_ip, nat_dst_ip]) truncateTranslated(column, row, ranges(where));
  }
}

/** The other side of a translation is external if it is nobody's of ours: as two reports of one connection say it, so that they still meet. */
function truncateTranslated(column: AddressColumn, row: number, ranges: readonly Cidr[]): void {
  if (!column.has(row)) return;
  const at = row * ADDRESS_BYTES;
  if (isLinkLocal(column.bytes, at) || isLoopback(column.bytes, at)) return;
  for (const range of PRIVATE) if (cidrContains(range, column.bytes, at)) return;
  for (const range of ranges) if (cidrContains(range, column.bytes, at)) return;
  truncateAddress(column.bytes, at);
}
