export { DecodeError, type ErrorData, FlowtrailError } from "./errors.ts";
