/** What can go wrong between us and the kernel. The message always says what to do. */
import { FlowtrailError } from "@flowtrail/model";

export type CaptureErrorData =
  /** Operator: the process lacks a capability. */
  | { code: "CAPTURE_NO_PRIVILEGE"; call: string; errno: number }
  /** Operator: the kernel has no connection tracking (or its module is not loaded). */
  | { code: "CAPTURE_NO_CONNTRACK"; call: string; errno: number }
  /** Operator: tracking can't be switched on by a table of our own. */
  | { code: "CAPTURE_NO_TRACKING"; call: string; errno: number }
  /** Environment: any other refusal of the kernel. */
  | { code: "CAPTURE_NETLINK"; call: string; errno: number }
  /** Operator: not Linux, or a big-endian machine. */
  | { code: "CAPTURE_PLATFORM"; platform: string }
  /** Operator: the file that remembers the sysctl values can't be read or written. */
  | { code: "CAPTURE_STATE_FILE"; path: string };

export class CaptureError extends FlowtrailError<CaptureErrorData> {}
