import { FlowtrailError } from "@flowtrail/model";

export type SettingsErrorData = {
  code: "BAD_SETTINGS";
  problems: readonly { readonly parameter: string; readonly message: string }[];
};

/** A setting of something that there is not. */
export class SettingsError extends FlowtrailError<SettingsErrorData> {}
