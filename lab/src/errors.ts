/** What can go wrong in the lab, each with what to do about it in its message. */
import { FlowtrailError } from "@flowtrail/model";

export type LabErrorData =
  | { code: "LAB_NOT_ROOT" }
  | { code: "LAB_NOT_LINUX"; platform: string }
  | { code: "LAB_NO_TUN" }
  | { code: "LAB_MISSING_PROGRAMS"; programs: string[]; packages: string[] }
  | { code: "LAB_BAD_NAME"; name: string }
  | { code: "LAB_DIR_NOT_EMPTY"; dir: string }
  | { code: "LAB_ALREADY_UP"; name: string; complete: boolean }
  | { code: "LAB_NOT_UP"; name: string }
  | { code: "LAB_STATE_UNREADABLE"; file: string }
  | { code: "LAB_UNKNOWN_NODE"; node: string; known: string[] }
  | { code: "LAB_UNKNOWN_SCENARIO"; scenario: string; known: string[] }
  | { code: "LAB_COMMAND_FAILED"; argv: string[]; exitCode: number | null; stderr: string }
  | { code: "LAB_START_FAILED"; what: string }
  | { code: "LAB_AGENT_NOT_RUNNING"; node: string }
  | { code: "LAB_AGENT_RUNNING"; node: string; pid: number }
  | { code: "LAB_PEER_FAILED"; node: string; op: string }
  | { code: "LAB_STILL_THERE"; name: string; what: string[] };

export class LabError extends FlowtrailError<LabErrorData> {}
