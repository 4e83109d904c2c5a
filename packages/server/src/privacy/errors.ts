import { FlowtrailError } from "@flowtrail/model";

export type PrivacyErrorData =
  /** There is no key file, or it can't be read. */
  | { readonly code: "NO_PRIVACY_KEY"; readonly path: string; readonly why: string }
  /** What is in the file is none of our keys. */
  | { readonly code: "BAD_PRIVACY_KEY"; readonly path: string; readonly line: number }
  | { readonly code: "PRIVACY_KEY_EXISTS"; readonly path: string };

export class PrivacyError extends FlowtrailError<PrivacyErrorData> {}
