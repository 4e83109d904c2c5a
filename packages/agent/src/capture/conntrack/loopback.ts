import { AF_INET } from "../netlink/constants.ts";
import type { ConntrackRecord } from "./record.ts";

/** What the socket filter drops from the events, for dumps: a source in 127.0.0.0/8, or ::1. */
export function isLoopback(record: ConntrackRecord): boolean {
  const { words } = record;
  if (record.family === AF_INET) return words[0]! >>> 24 === 127;
  return words[3] === 1 && words[2] === 0 && words[1] === 0 && words[0] === 0;
}
