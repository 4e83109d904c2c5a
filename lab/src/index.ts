export { type DownOptions, labDown } from "./down.ts";
export { labList, labStatus } from "./status.ts";
export { labUp, type UpOptions } from "./up.ts";
