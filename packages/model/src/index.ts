export * from "./address.ts";
export { type DecodedBatch, decodeBatch } from "./arrow-decode.ts";
export { encodeBatch } from "./arrow-encode.ts";
export { FlowBatch } from "./batch.ts";
export {
  AddressColumn,
  type AnyColumn,
  BoolColumn,
  EnumColumn,
  type FlowColumns,
  NumberColumn,
  TextColumn,
  WideColumn,
} from "./batch-columns.ts";
export * from "./batch-metadata.ts";
export * from "./cidr.ts";
export * from "./columns.ts";
export { communityId, communityIdOfFlow } from "./community-id.ts";
export { DecodeError, type ErrorData, FlowtrailError } from "./errors.ts";
export * from "./flow-id.ts";
export type { FlowJson } from "./flow-json.ts";
export { addJsonRow, type FieldError, type JsonRow, type JsonValue, MAX_TEXT, rowToJson } from "./json.ts";
export * from "./protocols.ts";
export * from "./sentence.ts";
export * from "./time-range.ts";
export * from "./units.ts";
