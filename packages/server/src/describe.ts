/** The API as an OpenAPI document without a running server, for the reference page. */
import { pino } from "pino";
import { parseConfig } from "./config/load.ts";
import { Server } from "./server.ts";

/** A route as OpenAPI tells it: what the reference page needs. */
export interface ApiOperation {
  readonly summary?: string;
  readonly description?: string;
  /** What the route asks for: docs/how-to/roles.md. */
  readonly "x-access": string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: ApiSchema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}
export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: ApiSchema;
}
export interface ApiSchema {
  readonly type?: string;
  readonly anyOf?: readonly ApiSchema[];
  readonly items?: ApiSchema;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
}
export interface ApiDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}

/** Starts nothing: no engine, no listener, no file. */
export function describeApi(): Promise<ApiDescription> {
  return new Server(parseConfig({}), { logger: pino({ level: "silent" }) }).describe();
}
