import { FlowtrailError } from "@flowtrail/model";

export type TlsErrorData =
  /** It can't be read, or holds something else. */
  | { code: "TLS_FILE"; path: string }
  /** Certificate and key don't belong together: one of them was replaced and the other not yet. */
  | { code: "TLS_MISMATCH"; cert: string; key: string };

/** Its message never holds anything of a file. */
export class TlsError extends FlowtrailError<TlsErrorData> {}
