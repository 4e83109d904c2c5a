import { FlowtrailError } from "@flowtrail/model";

export type RetentionErrorData =
  | { code: "BAD_RETENTION"; problems: readonly { readonly parameter: string; readonly message: string }[] }
  | { code: "HOLD_UNKNOWN"; id: string }
  | { code: "DELETE_FAILED"; table: string; partition: string; reason: string };

/** A setting of retention that can't be, a hold that there is not, or rows that stay. */
export class RetentionError extends FlowtrailError<RetentionErrorData> {}
