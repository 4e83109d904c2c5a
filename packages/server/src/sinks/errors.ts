import { FlowtrailError } from "@flowtrail/model";

export type SinkErrorData =
  /** What was asked for can't be done. */
  { readonly code: "BAD_SINK" } | { readonly code: "SINK_UNKNOWN"; readonly id: string };

export class SinkError extends FlowtrailError<SinkErrorData> {}
