import { FlowtrailError } from "@flowtrail/model";

/** The key of manifests can't be used. */
export class ComplianceError extends FlowtrailError<{ code: "BAD_COMPLIANCE_KEY"; path: string }> {}
