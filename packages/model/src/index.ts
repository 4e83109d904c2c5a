export * from "./address.ts";
export * from "./alerts.ts";
export { type DecodedBatch, decodeBatch } from "./arrow-decode.ts";
export { encodeBatch } from "./arrow-encode.ts";
export { type AuditChange, type AuditLine, auditSearch, auditSentence, auditWho, auditWords } from "./audit.ts";
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
export {
  EXCLUDE_REASONS,
  type ExcludeConfig,
  type ExcludeReason,
  ExcludeRules,
  isDomainPattern,
  NOTHING_EXCLUDED,
} from "./exclude.ts";
export {
  allFilters,
  anyFilter,
  type Condition,
  conditionsOf,
  type Filter,
  type Is,
  type Like,
  negated,
  type Order,
  type Pattern,
  type Value,
} from "./filter/ast.ts";
export { type Completion, completeFilter, type Suggestion } from "./filter/complete.ts";
export { filterOperators } from "./filter/conditions.ts";
export { FilterError, type FilterErrorData } from "./filter/error.ts";
export {
  domainEnd,
  FIELD_NAMES,
  FILTER_FIELDS,
  type Field,
  filterField,
  knownField,
  type Operand,
  OUTSIDE_TYPES,
  operandColumns,
  TEXT_COLUMNS,
} from "./filter/fields.ts";
export { filterTest } from "./filter/match.ts";
export { parseFilter } from "./filter/parse.ts";
export { isAscii, lowerAscii, patternSource } from "./filter/pattern.ts";
export { printFilter } from "./filter/print.ts";
export { expectedValues, readValues, spellValue } from "./filter/values.ts";
export * from "./flow-id.ts";
export type { FlowJson } from "./flow-json.ts";
export { addJsonRow, type FieldError, type JsonRow, type JsonValue, MAX_TEXT, rowToJson } from "./json.ts";
export { nearest } from "./nearest.ts";
export * from "./protocols.ts";
export * from "./pseudonym.ts";
export { secondLevel } from "./second-level.ts";
export * from "./sentence.ts";
export type { DropStep, LegalHold, RetentionPolicy, StoreReport } from "./store-report.ts";
export * from "./time-range.ts";
export * from "./units.ts";
