import { FlowtrailError } from "@flowtrail/model";

export type RetentionErrorData =
  | { code: "BAD_RETENTION"; problems: readonly { readonly parameter: string; readonly message: string }[] }
  | { code: "HOLD_UNKNOWN"; id: string };

/** A setting of retention that can't be, or a hold that there is not. */
export class RetentionError extends FlowtrailError<RetentionErrorData> {}
