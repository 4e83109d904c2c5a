import { FlowtrailError } from "@flowtrail/model";

export type EngineErrorData =
  /** No library for this platform, or it was left out of the installation. */
  | { code: "ENGINE_NOT_HERE"; platform: string }
  /** The data directory can't be made or written. */
  | { code: "ENGINE_DATA_DIR"; path: string; errno: string }
  /** Another server has the data directory. `pid` is null when it can't be seen from here (another container). */
  | { code: "ENGINE_LOCKED"; path: string; pid: number | null }
  /** It did not come up. `output` holds its last words. */
  | { code: "ENGINE_START"; output: string };

export class EngineError extends FlowtrailError<EngineErrorData> {}
