import { FlowtrailError } from "@flowtrail/model";

export type BackupErrorData =
  /** One at a time. */
  | { code: "BACKUP_RUNNING"; name: string }
  | { code: "BACKUP_EXISTS"; name: string }
  | { code: "BACKUP_UNKNOWN"; name: string }
  /** Where it should go is not configured, or can't hold it. */
  | { code: "BACKUP_PLACE" }
  /** Writes did not come to an end in time. */
  | { code: "BACKUP_BUSY" }
  /** The store that it should be restored to holds something. */
  | { code: "RESTORE_NOT_EMPTY"; path: string }
  | { code: "RESTORE_FAILED" };

export class BackupError extends FlowtrailError<BackupErrorData> {}
