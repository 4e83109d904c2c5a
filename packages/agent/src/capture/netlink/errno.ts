/** errno → our typed errors: the one place where the kernel's numbers become sentences. */
import { CaptureError } from "../errors.ts";
import { EACCES, EAFNOSUPPORT, ENOENT, EPERM, EPROTONOSUPPORT } from "./constants.ts";
import { libc } from "./libc.ts";

const PRIVILEGE =
  "needs CAP_NET_ADMIN: run the agent as root, or with `AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW` in its systemd unit, " +
  "or in a container with `--cap-add NET_ADMIN --cap-add NET_RAW`";
const NO_CONNTRACK =
  "kernel without conntrack: load nf_conntrack and nf_conntrack_netlink (`modprobe -a nf_conntrack nf_conntrack_netlink`), or use a kernel that has them";

/**
 * @param call what was tried, as in `strace`
 * @param errno positive number of <errno.h>
 */
export function captureError(call: string, errno: number): CaptureError {
  if (errno === EPERM || errno === EACCES) {
    return new CaptureError({ code: "CAPTURE_NO_PRIVILEGE", call, errno }, `${PRIVILEGE}. ${said(call, errno)}`);
  }
  if (errno === EPROTONOSUPPORT || errno === EAFNOSUPPORT || errno === ENOENT) return noConntrack(call, errno);
  return new CaptureError({ code: "CAPTURE_NETLINK", call, errno }, `the kernel refused ${said(call, errno)}`);
}

/** For calls where an errno that is else ambiguous means that the kernel has no conntrack. */
export function noConntrack(call: string, errno: number): CaptureError {
  return new CaptureError({ code: "CAPTURE_NO_CONNTRACK", call, errno }, `${NO_CONNTRACK}. ${said(call, errno)}`);
}

function said(call: string, errno: number): string {
  return `${call}: ${libc().strerror(errno)} (errno ${errno})`;
}
