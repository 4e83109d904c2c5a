import { FlowtrailError } from "@flowtrail/model";

export type ServerErrorData =
  /** Another program has the port, or the address is not this machine's. */
  | { code: "LISTEN"; address: string; errno: string }
  /** `insecure_no_auth` on an address that others can reach. */
  | { code: "INSECURE_ADDRESS"; address: string }
  /** The data directory can't be made or written. */
  | { code: "DATA_DIR"; path: string; errno: string };

/** The server can't start. Its message says what to do. */
export class ServerError extends FlowtrailError<ServerErrorData> {}
