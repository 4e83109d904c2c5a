/** How many messages the kernel could not deliver to a netlink socket. */
import { readFileSync } from "node:fs";

/**
 * The column `Drops` of /proc/net/netlink.
 * @param inode of the socket
 * @returns null if the socket is not listed
 */
export function socketDrops(inode: string, path = "/proc/thread-self/net/netlink"): number | null {
  // sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns[9] === inode) return Number(columns[8]);
  }
  return null;
}
