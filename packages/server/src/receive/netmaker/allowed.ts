/** From where agents of Netmaker may come: they bring no credentials. */
import { heldBy } from "../../address-ranges.ts";

/** Without a list of one's own: this machine, and addresses that nobody on the internet has (RFC 1918, 6598, 4193, 3927, 4291). */
const PRIVATE = [
  "127.0.0.0/8",
  "::1/128",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
] as const;

/** @param ranges none: loopback and private addresses */
export function allowedBy(ranges: readonly string[]): (address: string | undefined) => boolean {
  return heldBy(ranges.length > 0 ? ranges : PRIVATE);
}
