export { type ConfigInputs, loadConfig, parseConfig } from "./config/load.ts";
export { configOptions, configSchema, type ServerConfig } from "./config/schema.ts";
export { type ApiDescription, type ApiOperation, type ApiParameter, type ApiSchema, describeApi } from "./describe.ts";
export { ServerError, type ServerErrorData } from "./errors.ts";
export { createTokenOffline, runServer, type TokenRequest } from "./main.ts";
export { Server } from "./server.ts";
export { EngineError } from "./store/engine/errors.ts";
export { StoreError } from "./store/errors.ts";
export { SchemaError } from "./store/schema/migrate.ts";
