/** THE table from our codes to HTTP, and the one form in which errors are told: {"error":{"code","message","details"}}. */
import { FlowtrailError } from "@flowtrail/model";
import { nearest } from "@flowtrail/settings";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";

export const STATUS: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  BAD_QUERY: 400,
  BAD_TIME: 400,
  BAD_FILTER: 400,
  BAD_BATCH: 400,
  BAD_RETENTION: 400,
  BAD_RULE: 400,
  BAD_RULES: 400,
  BAD_SETTINGS: 400,
  BAD_SINK: 400,
  BAD_RECIPIENT: 400,
  BAD_HEADER: 400,
  BATCH_INCOMPLETE: 400,
  BATCH_TOO_MANY_DAYS: 400,
  BATCH_TOO_MANY_PIECES: 400,
  WEAK_PASSWORD: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  WRONG_PASSWORD: 403,
  NOT_FOUND: 404,
  HOLD_UNKNOWN: 404,
  SINK_UNKNOWN: 404,
  RECIPIENT_UNKNOWN: 404,
  NOTICE_UNKNOWN: 404,
  SEED_RUNNING: 409,
  SETTINGS_CONFLICT: 409,
  RULE_OF_FILE: 409,
  ACCOUNT_EXISTS: 409,
  ACCOUNT_CONFLICT: 409,
  LAST_ADMIN: 409,
  ENROL_UNKNOWN: 401,
  ENROL_REVOKED: 401,
  ENROL_EXPIRED: 401,
  ENROL_SPENT: 401,
  ENROL_OTHER_NODE: 403,
  ENROL_NODE_TAKEN: 409,
  ROTATION_NOT_ASKED: 409,
  BACKUP_UNKNOWN: 404,
  BACKUP_RUNNING: 409,
  BACKUP_EXISTS: 409,
  BACKUP_PLACE: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_ENCODING: 415,
  UNSUPPORTED_TYPE: 415,
  STORE_LIMIT: 422,
  /** The question needs more time, rows or memory than it may: a smaller range or a filter helps. */
  QUERY_TOO_LARGE: 422,
  QUERY_TOO_SLOW: 422,
  RATE_LIMITED: 429,
  TOO_MANY_AT_ONCE: 429,
  STORE_OVERLOADED: 429,
  TOO_MANY_UPLOADS: 429,
  INTERNAL: 500,
  STORE_QUERY: 500,
  STORE_AUTH: 502,
  ENROL_BUSY: 503,
  STORE_UNAVAILABLE: 503,
  NO_PRIVACY_KEY: 503,
  BAD_PRIVACY_KEY: 503,
  NO_SECRETS_KEY: 503,
  BAD_SECRETS_KEY: 503,
  OTHER_SECRETS_KEY: 503,
  BAD_SEALED: 503,
  STORE_BUSY: 503,
  BACKUP_BUSY: 503,
  QUERY_BUSY: 503,
  STORE_DISK_FULL: 503,
  TOO_MANY_FOLLOWERS: 503,
  STORE_TIMEOUT: 504,
};

export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe("Stable, for programs"),
      message: z.string().describe("For people"),
      details: z.record(z.string(), z.unknown()).optional().describe("Data of the error"),
    }),
  })
  .describe("What went wrong");

export type RouteErrorData =
  | { code: "NOT_FOUND" }
  | { code: "BAD_REQUEST" }
  | { code: "TOO_MANY_AT_ONCE" | "TOO_MANY_FOLLOWERS"; retryAfterMs: number };
export class RouteError extends FlowtrailError<RouteErrorData> {}

export const notFound = (message: string) => new RouteError({ code: "NOT_FOUND" }, message);
export const badRequest = (message: string) => new RouteError({ code: "BAD_REQUEST" }, message);
export const tooManyFollowers = () =>
  new RouteError({ code: "TOO_MANY_FOLLOWERS", retryAfterMs: 10_000 }, "too many follow live already (live.max_clients)");

export interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
}

/** Any error as it is told to a client. What is none of the client's business becomes INTERNAL. */
export function apiError(error: unknown, parameters: readonly string[] = []): ApiError {
  if (error instanceof FlowtrailError) {
    const status = STATUS[error.code];
    if (status === undefined) return internal;
    const { code: _code, retryAfterMs, ...details } = error.data as { code: string; retryAfterMs?: number };
    // What is wrong inside is told to the log.
    if (status === 500) return { ...internal, code: error.code };
    return { status, code: error.code, message: error.message, details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (hasZodFastifySchemaValidationErrors(error)) return validationError(error, parameters);
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return { status: 413, code: "TOO_LARGE", message: "the body is larger than the limit" };
  if (statusCode === 415) return { status: 415, code: "UNSUPPORTED_TYPE", message: message ?? "unsupported Content-Type" };
  if (statusCode === 404) return { status: 404, code: "NOT_FOUND", message: message ?? "not found" };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: 400, code: "BAD_REQUEST", message: message ?? "bad request" };
  }
  return internal;
}

const internal: ApiError = { status: 500, code: "INTERNAL", message: "something went wrong in the server; its log says what" };

interface Validation {
  readonly validation: readonly {
    readonly instancePath: string;
    readonly keyword: string;
    readonly message?: string;
    readonly params: object;
  }[];
}

function validationError({ validation }: Validation, parameters: readonly string[]): ApiError {
  const problems = validation.flatMap(({ instancePath, keyword, message = "not valid", params }) => {
    const { keys } = params as { keys?: readonly string[] };
    if (keyword === "unrecognized_keys" && keys)
      return keys.map((key) => ({ parameter: key, message: unknown(key, parameters) }));
    return [{ parameter: instancePath.replace(/^\//, "").replaceAll("/", "."), message }];
  });
  const message = problems.map((problem) => `${problem.parameter}: ${problem.message}`).join("; ");
  return { status: 400, code: "BAD_REQUEST", message, details: { problems } };
}

function unknown(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `unknown${near === null ? "" : `, did you mean ${near}?`}`;
}

/** The error handler of the app. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // Nobody is there to be told, and nothing went wrong here.
  if (request.raw.destroyed && !request.raw.complete) return;
  if (reply.raw.destroyed) return;
  const { status, code, message, details, retryAfterMs } = apiError(error, knownParameters(request));
  if (status >= 500)
    request.log.error({ err: error, method: request.method, route: request.routeOptions.url }, "a request failed");
  if (retryAfterMs !== undefined) reply.header("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  const body = { error: { code, message, ...(details && Object.keys(details).length > 0 ? { details } : {}) } };
  void reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
}

function knownParameters(request: FastifyRequest): string[] {
  const { querystring, body } = request.routeOptions.schema ?? {};
  return [querystring, body].flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
}
