/** Why the agent ended, as an exit code that a supervisor can act on. */
import { ConfigError } from "@flowtrail/settings";
import { CaptureError } from "./capture/errors.ts";
import { ShipError } from "./ship/errors.ts";
import { SpoolError } from "./spool/errors.ts";

export const EXIT_CODES = {
  /** Stopped when asked to. */
  ok: 0,
  /** A mistake of ours. */
  unexpected: 1,
  /** Configuration, token file or file of certificates. */
  config: 2,
  /** CAP_NET_ADMIN or CAP_NET_RAW is missing. */
  privileges: 3,
  /** The state directory can't be used: not writable, full, or another agent is in it. */
  state: 4,
  /** The kernel has no conntrack, or refuses something that we need. */
  kernel: 5,
  /** The server does not take the enrolment token: it is wrong, spent, too old or revoked, or the node's name is taken. */
  enrolment: 6,
} as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof ShipError && error.code === "SHIP_ENROL_REFUSED") return EXIT_CODES.enrolment;
  if (error instanceof ConfigError || error instanceof ShipError) return EXIT_CODES.config;
  if (error instanceof SpoolError) return EXIT_CODES.state;
  if (!(error instanceof CaptureError)) return EXIT_CODES.unexpected;
  switch (error.code) {
    case "CAPTURE_NO_PRIVILEGE":
      return EXIT_CODES.privileges;
    case "CAPTURE_STATE_FILE":
      return EXIT_CODES.state;
    case "CAPTURE_NO_CONNTRACK":
    case "CAPTURE_NO_TRACKING":
    case "CAPTURE_NETLINK":
    case "CAPTURE_PLATFORM":
      return EXIT_CODES.kernel;
  }
}
