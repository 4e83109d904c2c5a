import { FlowtrailError } from "@flowtrail/model";

export type SecretsErrorData =
  /** There is no key file, or it can't be read or made. */
  | { readonly code: "NO_SECRETS_KEY"; readonly path: string; readonly why: string }
  /** What is in the file is none of our keys. */
  | { readonly code: "BAD_SECRETS_KEY"; readonly path: string; readonly line: number }
  /** Sealed with a key that is not in the file. */
  | { readonly code: "OTHER_SECRETS_KEY"; readonly path: string; readonly key: string }
  /** No text of ours, or one that was changed. */
  | { readonly code: "BAD_SEALED" };

export class SecretsError extends FlowtrailError<SecretsErrorData> {}
