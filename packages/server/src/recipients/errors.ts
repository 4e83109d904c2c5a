import { FlowtrailError } from "@flowtrail/model";

export type RecipientErrorData =
  | { readonly code: "RECIPIENT_UNKNOWN"; readonly id: string }
  | { readonly code: "NOTICE_UNKNOWN"; readonly id: string }
  /** What it would be told with does not fit together. */
  | { readonly code: "BAD_RECIPIENT"; readonly problems: readonly { readonly parameter: string; readonly message: string }[] };

export class RecipientError extends FlowtrailError<RecipientErrorData> {}

export const badRecipient = (parameter: string, message: string) =>
  new RecipientError({ code: "BAD_RECIPIENT", problems: [{ parameter, message }] }, `${parameter}: ${message}`);
