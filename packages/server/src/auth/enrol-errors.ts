/** Why an agent gets no token. Its user reads the sentence. */
import { FlowtrailError } from "@flowtrail/model";

export type EnrolErrorData =
  /** No enrolment token of this server's. */
  | { code: "ENROL_UNKNOWN" }
  | { code: "ENROL_REVOKED" }
  | { code: "ENROL_EXPIRED" }
  | { code: "ENROL_SPENT" }
  /** It was made for other nodes. */
  | { code: "ENROL_OTHER_NODE" }
  /** There is an agent of this name already, and this one does not prove to be it. */
  | { code: "ENROL_NODE_TAKEN" }
  /** Others are enrolled at this moment. */
  | { code: "ENROL_BUSY"; retryAfterMs: number }
  /** Nobody asked this agent to change its token. */
  | { code: "ROTATION_NOT_ASKED" };

export class EnrolError extends FlowtrailError<EnrolErrorData> {}
